"""How the images of a network were normalised."""

from collections.abc import Mapping, Sequence
from typing import Any

# Levels of a channel in files of other libraries, which count from 0 to 1.
LEVELS = 255.0
_MEAN = [123.675, 116.28, 103.53]
IMAGENET = dict(mean=_MEAN, std=[58.395, 57.12, 57.375], channels='rgb')
# The pre-trainings of other projects; all not named here use IMAGENET.
_OTHERS = {
    # src/multicropdataset.py and eval_linear.py: 0.228 of red.
    'facebookresearch/swav': IMAGENET | dict(std=[58.14, 57.12, 57.375]),
}
# BEiT's pre-training has an option for it.
_UNKNOWN = ('BEiT',)


def normalisation(
    mean: Any, std: Any, scale: float = 1.0, rgb: bool = True
) -> dict:
    """Return a normalisation in levels of 0 to 255.

    Args:
        mean: Mean of every channel.
        std: Standard deviation of every channel.
        scale: Levels that are 1 in ``mean`` and ``std``.
        rgb: Whether the first channel is red, not blue.

    Returns:
        ``mean``, ``std`` and ``channels``, ``'rgb'`` or ``'bgr'``; empty if
        ``mean`` or ``std`` is no sequence.
    """
    if not _is_sequence(mean) or not _is_sequence(std):
        return {}
    return dict(
        mean=[value * scale for value in mean],
        std=[value * scale for value in std],
        channels='rgb' if rgb else 'bgr',
    )


def release_normalisation(source: str, family: str) -> dict:
    """Return the normalisation of the pre-trainings of a project.

    Args:
        source: Repository of the code that wrote a checkpoint.
        family: Kind of the network.
    """
    return {} if family in _UNKNOWN else dict(_OTHERS.get(source, IMAGENET))


def huggingface_normalisation(preprocessor: Mapping) -> dict:
    """Return the normalisation that a ``preprocessor_config.json`` states.

    Args:
        preprocessor: Its content; empty without one.
    """
    mean, std = preprocessor.get('image_mean'), preprocessor.get('image_std')
    if preprocessor.get('do_normalize', True) is False:
        mean, std = [0.0] * 3, [1.0] * 3
    levels = 1 / preprocessor.get('rescale_factor', 1 / LEVELS)
    if preprocessor.get('do_rescale', True) is False:
        levels = 1.0
    return normalisation(mean, std, levels)


def config_normalisation(cfg: Mapping) -> dict:
    """Return the normalisation of a config of OpenMMLab.

    Args:
        cfg: Content of the config.
    """
    model = _mapping(cfg.get('model'))
    model = _mapping(model.get('algorithm')) or model
    # As a part of the model or beside it; before MMEngine, img_norm_cfg.
    found = (
        _mapping(model.get('data_preprocessor'))
        or _mapping(cfg.get('data_preprocessor'))
        or _mapping(cfg.get('img_norm_cfg'))
    )
    # Views that are made on the device are normalised by the inner one.
    found = _mapping(found.get('data_preprocessor')) or found
    rgb = found.get('to_rgb', found.get('bgr_to_rgb', False))
    return normalisation(found.get('mean'), found.get('std'), rgb=bool(rgb))


def _is_sequence(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _mapping(value: object) -> Mapping:
    return value if isinstance(value, Mapping) else {}
