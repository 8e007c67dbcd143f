"""Benchmark of a training step of every method."""
