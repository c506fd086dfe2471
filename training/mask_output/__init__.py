"""The mask output, fitted anew on real masks beside synthetic ones."""
