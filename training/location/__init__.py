"""Trains what face location runs on: the project's Haar cascade, and the network that verifies."""
