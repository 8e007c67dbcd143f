"""Optimizers, constructors of their wrappers, and access to their steps."""
