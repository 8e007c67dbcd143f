from .prototype_tree import PrototypeTree

__all__ = ['PrototypeTree']
