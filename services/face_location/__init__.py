"""Where faces are, masked or not: Haar cascades, a second look by the eyes, and tracking."""
