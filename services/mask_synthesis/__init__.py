"""Masks on faces: landmarks, pivots, drawn masks, perspective overlay."""
