"""The scales of the patches that a config trains with."""

from collections.abc import Mapping
from dataclasses import asdict

from mmengine.config import Config

from hirl_mm.datasets.wrappers import pipelines_of
from hirl_mm.engine.runtime.model_config import preprocessor_owner
from hirl_mm.registry import type_name
from hirl_mm.views import PatchScale

_CROP = 'RandomResizedCrop'


def scales_of_config(cfg: Config) -> list[PatchScale]:
    """Return the scales of a config, scale 0 as a single patch.

    Args:
        cfg: A training config with a ``PatchPyramid``, in the pipeline of its
            training data or in the data preprocessor that makes the views.

    Returns:
        The whole image in the size of the first whole view, then the scales
        of the patches.

    Raises:
        ValueError: If there is no ``PatchPyramid``, or its first view has no
            ``RandomResizedCrop`` to a square.
    """
    views, scales = _views_of(cfg)
    crop = next((t for t in views if type_name(t.get('type')) == _CROP), {})
    side = crop.get('scale')
    sides = {side} if isinstance(side, int) else set(side or ())
    if len(sides) != 1:
        raise ValueError(
            'scale 0 shows whole images in the size of the first view, which '
            f'needs a {_CROP} with one side as its scale, got {side} in '
            f'{cfg.filename}'
        )
    (side,) = sides
    whole = PatchScale(
        grid=1,
        region_size=side,
        patch_size=side,
        interpolation=crop.get('interpolation', 'bilinear'),
    )
    return [whole, *(PatchScale(**scale) for scale in scales)]


def grid_pipeline(cfg: Config, scales: list[PatchScale]) -> list[dict]:
    """Return a pipeline that cuts the images of a training into grids.

    Args:
        cfg: A training config, whose images are loaded in the same way.
        scales: The scales to cut.
    """
    loading = []
    for transform in _steps(cfg):
        name = type_name(transform['type'])
        if name == 'PatchPyramid' or name.startswith('Pack'):
            break
        loading.append(transform)
    return [
        *loading,
        dict(type='hirl_mm.GridPatches', scales=[*map(asdict, scales)]),
        dict(type='mmpretrain.PackInputs'),
    ]


def _steps(cfg: Config) -> list[dict]:
    """Return the pipeline of the first data set of a training."""
    pipeline = pipelines_of(cfg.train_dataloader.dataset)
    while pipeline and not isinstance(pipeline[0], Mapping):
        pipeline = pipeline[0]
    return pipeline


def _views_of(cfg: Config) -> tuple[list[dict], list[dict]]:
    """Return the transforms of the first view, and the scales of patches."""
    for transform in _steps(cfg):
        if type_name(transform['type']) == 'PatchPyramid':
            return transform['transforms'][0], transform['scales']
    preprocessor = preprocessor_owner(cfg).get('data_preprocessor') or {}
    patches = preprocessor.get('patches')
    if patches:
        return preprocessor['transforms'][0], patches['scales']
    raise ValueError(
        f'{cfg.filename} has no PatchPyramid, neither in the pipeline of its '
        'training data nor in its data preprocessor: give the config that the '
        'model was trained with'
    )
