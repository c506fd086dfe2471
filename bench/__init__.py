"""Benchmarks: ratios taken in one run, since machines are noisy."""
