"""Data sets, loaders and hooks of a training of a folder."""

from collections.abc import Iterator, Mapping

from mmengine.config import Config

from hirl_mm.planning.image_source import ImageSource
from hirl_mm.planning.setting import Name, Setting

from .network import Network
from .prototypes import prototypes_per_level
from .schedule import Schedule
from .situation import Situation
from .views import feature_pipeline, training_pipeline

_MAX_WORKERS = 8
_QUERIES, _GALLERY = 2000, 10_000
# Above this, trees of mode 'faithful' take longer than an epoch on a CPU.
_FAST_FROM = 20_000
# With fewer prototypes, a tree of which one holds most images is no fault yet.
_FEW_LEAVES = 20
_MAX_SHARE = 0.9


def num_workers(situation: Situation) -> tuple[int, str]:
    """Return the processes per device that read images, and the reason."""
    cores, gpus = situation.machine.cores, situation.machine.gpus
    if not gpus:
        return min(_MAX_WORKERS, cores // 2), 'half of the cores, others train'
    most = max(1, (cores - gpus) // gpus)
    why = f'{cores} cores for {gpus} GPU(s)'
    return min(_MAX_WORKERS, most), why


def data_settings(
    recipe: Config,
    source: ImageSource,
    situation: Situation,
    network: Network,
    batch: tuple[int, str],
) -> Iterator[Setting]:
    """Yield the settings of what is read, and how.

    Args:
        recipe: Config of the recipe.
        source: The images.
        situation: What the settings follow from.
        network: The backbone.
        batch: Images of a step and device, as the loader counts them, and
            the reason.
    """
    pipeline = training_pipeline(
        recipe.train_dataloader.dataset.pipeline,
        situation,
        network,
    )
    workers, why_workers = num_workers(situation)
    key = 'train_dataloader'
    yield Setting(
        'train_pipeline',
        pipeline,
        network.why_size,
        f'views: {network.image_size} pixels',
        '--image-size',
    )
    yield Setting(
        f'{key}.batch_size',
        batch[0],
        batch[1],
        'images per step and device',
        '--batch-size',
    )
    yield Setting(f'{key}.num_workers', workers, why_workers, 'workers')
    yield Setting(f'{key}.persistent_workers', workers > 0)
    yield Setting(f'{key}.drop_last', True)
    yield Setting(
        f'{key}.dataset',
        dict(source.config, pipeline=Name('train_pipeline')),
        source.note,
        whole=True,
    )


def hook_settings(
    recipe: Config,
    source: ImageSource,
    situation: Situation,
    network: Network,
    schedule: Schedule,
) -> Iterator[Setting]:
    """Yield the settings of the tree and of other hooks.

    Args:
        recipe: Config of the recipe.
        source: The images.
        situation: What the settings follow from.
        network: The backbone.
        schedule: Length of the training.
    """
    workers = num_workers(situation)[0]
    numbers = prototypes_per_level(situation.num_images)
    per_leaf = situation.num_images / numbers[0]
    yield Setting(
        'feature_pipeline',
        feature_pipeline(situation, network),
        'the middle of an image, for trees and kNN',
    )
    interval = max(1, schedule.epochs // 10)
    yield from _probe(recipe, source, situation, interval, workers)
    key = 'default_hooks.kmeans'
    yield Setting(
        f'{key}.num_prototypes',
        numbers,
        f'{per_leaf:.0f} images per prototype of the finest level',
        'prototypes per level',
    )
    yield Setting(
        f'{key}.start_epoch',
        schedule.start_epoch,
        schedule.why_start,
        'first epoch with a tree (T1)',
    )
    pipeline: object = Name('feature_pipeline')
    if 'PatchBySample' in str(recipe.default_hooks.kmeans.pipeline):
        pipeline = patch_pipeline(recipe, situation, network)
    yield Setting(f'{key}.pipeline', pipeline)
    yield Setting(f'{key}.num_workers', workers)
    if numbers[0] < _FEW_LEAVES:
        yield Setting(
            f'{key}.guard',
            dict(max_share=_MAX_SHARE),
            'one of so few prototypes may well hold half of the images',
        )
    if not situation.on_gpu and situation.num_images >= _FAST_FROM:
        yield Setting(
            f'{key}.mode', 'fast', 'less restarts of k-means (docs/modes.md)'
        )
    yield Setting('model.spd_head.num_levels', len(numbers))
    yield Setting(
        'model.spd_head.num_negatives',
        min(recipe.model.spd_head.num_negatives, numbers[0]),
        'as in the recipe, at most as many as there are paths',
    )
    hooks = recipe.default_hooks
    if 'neighbors' in hooks:
        neighbors = 'default_hooks.neighbors'
        yield Setting(f'{neighbors}.pipeline', Name('feature_pipeline'))
        yield Setting(f'{neighbors}.num_workers', workers)
    if 'frozen_layers' in hooks:
        yield _frozen(hooks.frozen_layers, recipe, schedule)
    yield Setting(
        'default_hooks.feature_health',
        dict(
            type='hirl_mm.FeatureHealthHook',
            interval=interval,
            num_workers=workers,
        ),
        'warns in words when features get worse than at the start; stop=True '
        'ends the training then',
    )
    yield Setting('default_hooks.checkpoint.interval', interval)
    yield Setting('default_hooks.checkpoint.max_keep_ckpts', 2)
    yield Setting(
        'default_hooks.logger.interval',
        max(1, min(100, schedule.steps_per_epoch // 2)),
    )


def patch_pipeline(
    recipe: Config, situation: Situation, network: Network
) -> list[dict]:
    """Return the feature pass over patches, of HIRL-SS-PRL.

    Args:
        recipe: Config of the recipe.
        situation: What the images are.
        network: The backbone.
    """
    train = training_pipeline(
        recipe.train_dataloader.dataset.pipeline, situation, network
    )
    load, pyramid, pack = train
    scale = pyramid['scales'][0]
    return [load, dict(type='hirl_mm.PatchBySample', **scale), pack]


def _frozen(hook: Mapping, recipe: Config, schedule: Schedule) -> Setting:
    end = min(hook['end'], schedule.steps_per_epoch)
    if hook.get('by_epoch', True):
        share = schedule.epochs / recipe.train_cfg.max_epochs
        end = max(1, round(hook['end'] * share))
    return Setting('default_hooks.frozen_layers.end', end)


def _probe(
    recipe: Config,
    source: ImageSource,
    situation: Situation,
    interval: int,
    workers: int,
) -> Iterator[Setting]:
    """Yield the kNN probe on held-out images, if there are labels."""
    key = 'default_hooks.knn_probe'
    if not source.class_names:
        if 'knn_probe' in recipe.default_hooks:
            yield Setting('knn_gallery', None, 'there are no labels')
            yield Setting('knn_queries', None)
            yield Setting(key, None)
        return
    held_out = min(_QUERIES, situation.num_images // 5)
    yield Setting(
        'labelled_images',
        dict(source.config, pipeline=Name('feature_pipeline')),
        'labels measure the features during training, and nothing else',
    )
    split = dict(
        type='hirl_mm.HeldOutSplit',
        dataset=Name('labelled_images'),
        num_held_out=held_out,
    )
    yield Setting('knn_gallery', split, whole=True)
    yield Setting('knn_queries', dict(split, held_out=True), whole=True)
    yield Setting(
        key,
        dict(
            type='hirl_mm.KNNProbeHook',
            gallery=split,
            queries=dict(split, held_out=True),
            num_gallery=_GALLERY,
            num_queries=_QUERIES,
            interval=interval,
            num_workers=workers,
        ),
        whole=True,
    )
