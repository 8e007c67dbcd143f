"""Evaluation: measures in ``functional``, and the protocols around them."""

__all__ = ['functional']
