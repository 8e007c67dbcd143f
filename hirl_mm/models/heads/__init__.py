from .spd_head import SPDHead

__all__ = ['SPDHead']
