"""What operators see of a running service: metrics and traces. Both are off unless asked for."""
