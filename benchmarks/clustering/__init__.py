"""Benchmarks of k-means, hierarchical k-means and their kernels."""
