from .extraction import NonFiniteFeaturesError, extract_features

__all__ = ['NonFiniteFeaturesError', 'extract_features']
