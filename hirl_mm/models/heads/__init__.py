from .dino_head import DINODistillHead
from .ibot_head import iBOTDistillHead
from .spd_head import SPDHead

__all__ = ['DINODistillHead', 'SPDHead', 'iBOTDistillHead']
