"""Evaluation of pre-trained networks."""
