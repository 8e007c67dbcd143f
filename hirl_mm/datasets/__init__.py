"""Data sets: the registered ones, and the parts that they are made of."""

__all__ = ['converters', 'samplers', 'taxonomy', 'toy', 'transforms']
