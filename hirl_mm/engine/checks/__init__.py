"""Checks before the first iteration of a training."""
