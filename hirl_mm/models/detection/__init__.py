"""Parts of MMDetection's detectors. The import works without MMDetection."""

from .c4_detector import c4_detector
from .res5_extra_norm import Res5ExtraNorm

__all__ = ['Res5ExtraNorm', 'c4_detector']
