"""Benchmarks of mask synthesis: beside a peer, rates, memory, kills; and pictures to judge."""
