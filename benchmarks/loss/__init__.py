"""Benchmark of the semantic path discrimination (SPD) loss."""
