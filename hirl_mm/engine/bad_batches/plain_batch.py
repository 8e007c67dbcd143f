"""Batches as tensors and plain types, which load without running code."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from hirl_mm.views import RaggedImages

_KIND = '__kind__'
_PLAIN = bool, int, float, str, bytes, type(None)
# Classes that a batch is rebuilt from, by the package of each. Nothing else
# is imported for the sake of a file.
_PACKAGES = {
    'BaseDataElement': 'mmengine.structures',
    'InstanceData': 'mmengine.structures',
    'LabelData': 'mmengine.structures',
    'PixelData': 'mmengine.structures',
    'DataSample': 'mmpretrain.structures',
    'MultiTaskDataSample': 'mmpretrain.structures',
    'DetDataSample': 'mmdet.structures',
    'HorizontalBoxes': 'mmdet.structures.bbox',
    'BitmapMasks': 'mmdet.structures.mask',
    'PolygonMasks': 'mmdet.structures.mask',
    'SegDataSample': 'mmseg.structures',
}


def plain_batch(value: object) -> object:
    """Return a batch as tensors on the CPU, containers and plain types.

    Args:
        value: A batch, or a part of it.

    Returns:
        What :func:`rebuilt_batch` makes the batch of again. An object of an
        unknown class becomes a text that names the class.
    """
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    if type(value) in _PLAIN:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in 'biuf':
        return {_KIND: 'array', 'values': torch.from_numpy(value.copy())}
    if isinstance(value, Mapping):
        return {str(key): plain_batch(item) for key, item in value.items()}
    if isinstance(value, RaggedImages):
        return {_KIND: 'RaggedImages', 'values': plain_batch([*value])}
    if isinstance(value, list | tuple):
        items = [plain_batch(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    name = type(value).__name__
    if name not in _PACKAGES:
        return f'{type(value).__module__}.{type(value).__qualname__}'
    if isinstance(value, BaseDataElement):
        return {
            _KIND: name,
            'metainfo': plain_batch(value.metainfo),
            'values': plain_batch(dict(value.items())),
        }
    return {_KIND: name, 'values': plain_batch(_arguments(value))}


def rebuilt_batch(value: object) -> Any:
    """Undo :func:`plain_batch`.

    Args:
        value: What that function has returned.

    Raises:
        ValueError: If it names a class that no batch is made of.
    """
    if isinstance(value, list | tuple):
        return type(value)(rebuilt_batch(item) for item in value)
    if not isinstance(value, dict):
        return value
    items = {k: rebuilt_batch(item) for k, item in value.items() if k != _KIND}
    name = value.get(_KIND)
    if name is None:
        return items
    if name == 'array':
        return items['values'].numpy()
    if name == 'RaggedImages':
        return RaggedImages(*items['values'])
    if name not in _PACKAGES:
        raise ValueError(
            f'the batch holds a {name}, expected one of {", ".join(_PACKAGES)}'
        )
    cls = getattr(import_module(_PACKAGES[name]), name)
    if not issubclass(cls, BaseDataElement):
        return cls(*items['values'])
    element = cls(metainfo=items['metainfo'])
    for key, item in items['values'].items():
        setattr(element, key, item)
    return element


def _arguments(value: Any) -> list:
    """Return what a class of boxes or masks of MMDetection is built from."""
    if hasattr(value, 'tensor'):
        return [value.tensor]
    return [value.masks, value.height, value.width]
