"""The batch client of mask synthesis: a dataset in, the same dataset with masks out."""
