"""What talks to the mesh: the Python client, the streaming client, the batch client, the demo."""
