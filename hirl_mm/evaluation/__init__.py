"""Evaluation: metrics in ``functional``, and protocols that use them."""

__all__ = ['functional']
