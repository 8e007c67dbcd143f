"""Parts of MMDetection's detectors; imported without MMDetection, too."""

from .c4_detector import c4_detector
from .res5_extra_norm import Res5ExtraNorm

__all__ = ['Res5ExtraNorm', 'c4_detector']
