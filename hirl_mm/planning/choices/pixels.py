"""How the pixels of images are normalised."""

import math
from collections.abc import Iterator, Mapping

from mmengine.config import Config

from hirl_mm.checkpoints.pixels import config_normalisation
from hirl_mm.engine.runtime.model_config import preprocessor_owner
from hirl_mm.planning.setting import Setting

from .network import Network

_DIGITS = 4
_LABEL = 'normalisation of pixels: '


def pixel_settings(recipe: Config, network: Network) -> Iterator[Setting]:
    """Yield the normalisation that initial weights were trained with.

    Nothing is yielded for a network without initial weights, or if the
    normalisation of the recipe is the same.

    Args:
        recipe: Config of the recipe.
        network: The backbone.
    """
    if network.pixels is None:
        return
    usual = config_normalisation(recipe)
    found = network.pixels or usual
    why = 'that of the weights to start from'
    if not network.pixels:
        why = (
            'that of the recipe, because the file of the weights states none: '
            'if they were trained with another one, write it here'
        )
    elif _same(found, usual):
        return
    mean, std = _rounded(found['mean']), _rounded(found['std'])
    key = 'data_preprocessor'
    if preprocessor_owner(recipe) is not recipe:
        key = f'model.{key}'
    rgb = found['channels'] == 'rgb'
    yield Setting(
        key,
        dict(mean=mean, std=std, to_rgb=rgb),
        why,
        f'{_LABEL}mean {_text(mean)}, standard deviation {_text(std)}'
        + ('' if rgb else ' of blue, green, red'),
        'the config',
    )


def _same(one: Mapping, other: Mapping) -> bool:
    return one['channels'] == other.get('channels') and all(
        len(one[name]) == len(other[name])
        and all(map(_is_close, one[name], other[name]))
        for name in ('mean', 'std')
    )


def _is_close(one: float, other: float) -> bool:
    return math.isclose(one, other, abs_tol=10**-_DIGITS)


def _rounded(values: list[float]) -> list[float]:
    """Levels without the noise of their conversion from 0 to 1."""
    return [round(float(value), _DIGITS) for value in values]


def _text(values: list[float]) -> str:
    return ' '.join(f'{value:g}' for value in dict.fromkeys(values))
