"""Moving the views of a training from the workers to the device."""

from mmengine.config import Config

from hirl_mm.datasets.view_pipeline import SplitPipeline, split_pipeline
from hirl_mm.datasets.view_steps import (
    NoDeviceFormError,
    patch_views_of,
    view_of,
)
from hirl_mm.registry import type_name

from .config_file import ConfigError
from .model_config import preprocessor_owner

_PLACES = 'cpu', 'device'


def place_views(cfg: Config) -> None:
    """Make the views of a training where ``views`` of its config says.

    With ``views='cpu'``, or without the key, workers make them. With
    ``views='device'``, workers only decode the images:

    - the pipeline of the training loses its views, see
      :func:`~hirl_mm.datasets.view_pipeline.split_pipeline`, and joins images
      by ``ragged_collate``;
    - the data preprocessor gets the views, see
      :class:`~hirl_mm.models.data_preprocessors.DeviceViews`;
    - ``default_hooks`` gets a
      :class:`~hirl_mm.engine.hooks.DeviceViewsHook`.

    Args:
        cfg: A training config, changed in place.

    Raises:
        ConfigError: If the place is unknown, the model is a classifier, or a
            transform has no form for the device; the error names it.
    """
    place = cfg.get('views', 'cpu')
    if place not in _PLACES:
        raise ConfigError(
            f"views must be 'cpu' or 'device', got {place!r}: where the views "
            'of images are made'
        )
    if place == 'cpu':
        return
    kind = type_name(cfg.model.get('type'))
    if kind == 'ImageClassifier':
        raise ConfigError(
            "views='device' is for self-supervised pre-training, but the "
            f"model is an {kind}: use views='cpu'"
        )
    loader = cfg.train_dataloader
    try:
        parts = _split(loader.dataset)
        for part in parts:
            for transforms in part.transforms:
                view_of(transforms)
            if part.patches:
                patch_views_of(
                    part.patches['scales'], part.patches['transforms']
                )
    except NoDeviceFormError as error:
        raise ConfigError(f"views='device': {error}") from error
    first = parts[0]
    if any(part[1:] != first[1:] for part in parts):
        raise ConfigError(
            "views='device': the data sets of the training have different "
            "views: give all of them the same transforms, or use views='cpu'"
        )
    loader.collate_fn = dict(type='hirl_mm.ragged_collate')
    loader.pin_memory = True
    owner = preprocessor_owner(cfg)
    owner.data_preprocessor = dict(
        type='hirl_mm.DeviceViews',
        num_views=first.num_views,
        transforms=first.transforms,
        patches=first.patches,
        data_preprocessor=owner.get('data_preprocessor') or {},
    )
    cfg.setdefault('default_hooks', {})
    cfg.default_hooks.setdefault(
        'device_views', dict(type='hirl_mm.DeviceViewsHook')
    )


def _split(dataset: dict) -> list[SplitPipeline]:
    """Split the pipelines in the config of a data set, and those within."""
    if 'datasets' in dataset:
        inner = map(_split, dataset['datasets'])
        return [part for parts in inner for part in parts]
    if 'dataset' in dataset:
        return _split(dataset['dataset'])
    parts = split_pipeline(dataset.get('pipeline') or [])
    dataset['pipeline'] = parts.workers
    return [parts]
