"""MMEngine's parts of HIRL; importing it registers how files are handled."""

from hirl_mm.checkpoints import atomic_backend, reader

__all__ = ['atomic_backend', 'reader']
