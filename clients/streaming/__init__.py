"""The streaming client: camera, clip or pictures in, annotated video and JSON lines out."""
