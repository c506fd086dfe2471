"""The batch client: independent pictures in, JSON lines and annotated pictures out."""
