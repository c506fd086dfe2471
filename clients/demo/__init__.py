"""The demo: boots a mesh, streams a clip of real faces, shows what came out."""
