"""Judges models: numbers with their uncertainty, under which conditions, and where they look."""
