"""Generated from the protos beside it: `make protos`."""
