"""The views of a recipe for images of another size."""

import copy
from collections.abc import Mapping

from .network import Network
from .situation import Situation

# The side of a global view in all recipes.
_RECIPE_SIDE = 224
# A crop shows at least so many pixels of the image along a side.
_MIN_CROP = 12
# Radii of the blur are those of 224 pixels: it wipes out small images.
_MIN_BLURRED = 64
_CPU_LOCAL_VIEWS = 4
_SCOPE = 'mmpretrain'
# Types of MMCV and MMEngine, which need no scope.
_PLAIN = 'RandomApply', 'RandomChoice', 'Compose'


def training_pipeline(
    pipeline: list[dict], situation: Situation, network: Network
) -> list[dict]:
    """Return the pipeline of a recipe for these images and this network.

    Sides of views follow the network. Steps that change nothing are left
    out, blur and changes of colours where they have no meaning.

    Args:
        pipeline: Pipeline of the recipe; it is not changed.
        situation: What the images are.
        network: The backbone.
    """
    steps = [_scoped(step) for step in copy.deepcopy(pipeline)]
    adapted = (_adapted(step, situation, network) for step in steps)
    return [
        _loader(situation) if step['type'] == 'hirl_mm.LoadImage' else step
        for step in adapted
        if step is not None
    ]


def feature_pipeline(situation: Situation, network: Network) -> list[dict]:
    """Return how the images of a feature pass are read: the middle of each.

    Args:
        situation: What the images are.
        network: The backbone.
    """
    side = network.image_size
    edge = side
    if situation.short_side > side * 8 / 7 or side >= 128:
        edge = round(side * 256 / _RECIPE_SIDE)
    resize = dict(
        type='mmpretrain.ResizeEdge',
        scale=edge,
        edge='short',
        backend='pillow',
    )
    crop = dict(type='mmpretrain.CenterCrop', crop_size=side)
    pack = dict(type='mmpretrain.PackInputs')
    return [_loader(situation), resize, crop, pack]


def num_local_views(num: int, situation: Situation) -> int:
    """Return the number of local views: that of a recipe, less on a CPU."""
    return num if situation.on_gpu else min(num, _CPU_LOCAL_VIEWS)


def _loader(situation: Situation) -> dict:
    options = dict(ignore_empty=True) if situation.skip_broken else {}
    return dict(type='hirl_mm.LoadImage', **options)


def _scoped(step: Mapping, scope: str = '') -> dict:
    """Write scopes before the names of types, instead of beside them."""
    step = dict(step)
    scope = step.pop('_scope_', scope)
    kind = step['type']
    if scope and '.' not in kind and kind not in _PLAIN:
        step['type'] = f'{scope}.{kind}'
    for name in ('transforms', 'patch_transforms'):
        if name in step:
            step[name] = [
                _scoped(item, scope)
                if isinstance(item, Mapping)
                else [_scoped(inner, scope) for inner in item]
                for item in step[name]
            ]
    return step


def _adapted(
    step: dict, situation: Situation, network: Network
) -> dict | None:
    """Return a step for these images; None if it has no meaning for them."""
    kind = step['type'].rpartition('.')[2]
    if kind in ('MultiView', 'PatchPyramid'):
        step['num_views'] = _num_views(step, situation)
    for name in ('transforms', 'patch_transforms'):
        if name in step:
            step[name] = _adapted_all(step[name], situation, network)
            if not step[name]:
                return None
    if kind == 'RandomResizedCrop':
        return _crop(step, situation, network)
    if kind == 'TwoSizeCrop':
        grid = network.image_size // network.patch_size
        # The tokenizer makes a token of 8 x 8 pixels.
        step.update(size=network.image_size, second_size=8 * grid)
    if kind == 'BEiTBlockMask':
        grid = network.image_size // network.patch_size
        masked = round(step['num_patches'] * (grid / step['grid_size']) ** 2)
        step.update(grid_size=grid, num_patches=masked)
        if grid < 14:
            step['min_block'] = 4
    if kind == 'BlockMask':
        step['grid_size'] = network.image_size // network.patch_size
    if kind == 'PatchPyramid':
        step['scales'] = [_scale(s, network) for s in step['scales']]
    if kind == 'GaussianBlur' and network.image_size < _MIN_BLURRED:
        return None
    if kind == 'Solarize' and not step.get('prob', 1):
        return None
    if situation.is_grey and kind == 'RandomGrayscale':
        return None
    if situation.is_grey and kind == 'ColorJitter':
        step.pop('saturation', None)
        step.pop('hue', None)
    return step


def _num_views(step: dict, situation: Situation) -> list[int]:
    """Numbers of the views of every kind, with less local ones on a CPU."""
    nums, kinds = step['num_views'], step['transforms']
    if isinstance(nums, int):
        nums = [nums] * len(kinds)
    return [
        num
        if kind[0]['scale'] == _RECIPE_SIDE
        else num_local_views(num, situation)
        for num, kind in zip(nums, kinds, strict=True)
    ]


def _adapted_all(steps: list, situation: Situation, network: Network) -> list:
    adapted = [
        _adapted_all(step, situation, network)
        if isinstance(step, list)
        else _adapted(step, situation, network)
        for step in steps
    ]
    return [step for step in adapted if step is not None]


def _crop(step: dict, situation: Situation, network: Network) -> dict:
    """Size a crop; it shows enough pixels of a small image."""
    low, high = step.get('crop_ratio_range', (0.08, 1.0))
    least = (_MIN_CROP / max(situation.short_side, 1)) ** 2
    if low < least:
        low = round(min(least, 0.5), 2)
        high = max(high, round(low + 0.2, 2))
    is_global = step['scale'] == _RECIPE_SIDE
    step['scale'] = network.side_of(step['scale'])
    if is_global:
        step['scale'] = network.image_size
    step['crop_ratio_range'] = (low, high)
    return step


def _scale(scale: Mapping, network: Network) -> dict:
    """Size the regions and patches of a scale of SS-PRL."""
    share = network.image_size / _RECIPE_SIDE
    grid = scale['grid']
    patch = max(16, round(scale['patch_size'] * share))
    region = max(grid * patch, round(scale['region_size'] * share))
    return dict(scale, patch_size=patch, region_size=region)
