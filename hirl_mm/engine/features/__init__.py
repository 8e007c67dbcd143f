"""Passes of a model over a data set."""
