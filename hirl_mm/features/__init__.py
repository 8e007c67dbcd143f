from .bank import FeatureBank
from .extraction import NonFiniteFeaturesError, extract_features

__all__ = ['FeatureBank', 'NonFiniteFeaturesError', 'extract_features']
