"""MMEngine's parts of HIRL; importing it registers how files are handled."""

from . import atomic_backend, checkpoint_loader

__all__ = ['atomic_backend', 'checkpoint_loader']
