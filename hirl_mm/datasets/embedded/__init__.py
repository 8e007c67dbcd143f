from .digits import write_digits
from .shapes import shape_hierarchy, write_shapes

__all__ = ['shape_hierarchy', 'write_digits', 'write_shapes']
