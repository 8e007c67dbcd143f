"""The parts of HIRL that run in MMEngine.

Importing this package registers the file backend ``hirl_mm.atomic`` and lets
PyTorch read the logs in MMEngine's checkpoints, see
:func:`~hirl_mm.checkpoints.log_classes.allow_log_classes`.
"""

from hirl_mm.checkpoints import atomic_backend
from hirl_mm.checkpoints.log_classes import allow_log_classes

__all__ = ['atomic_backend']

allow_log_classes()
