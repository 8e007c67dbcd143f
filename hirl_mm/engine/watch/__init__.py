"""Noticing that a rank of a training dies, fails or hangs."""
