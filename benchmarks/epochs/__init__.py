"""Benchmarks that train for whole epochs."""
