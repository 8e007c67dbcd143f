"""Frozen features of a labelled data set, extracted once and stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.dist import barrier, broadcast_object_list, is_main_process
from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.engine.runtime.progress import logged_progress
from hirl_mm.features.store import (
    FeatureStoreError,
    merge_shards,
    open_features,
    remove_store,
    stored_facts,
    stored_samples,
    write_shards,
)
from hirl_mm.features.store_checksums import damaged_file

from .feature_pass import (
    feature_loader,
    named_by_path,
    normalized_images,
)
from .fingerprint import config_fingerprint, data_fingerprint, file_fingerprint
from .image_reading import warn_of_unreadable
from .stage_features import stage_features

_MEANING = dict(
    checkpoint='another checkpoint',
    prefix='another network of the checkpoint',
    network='another model or normalisation in the config',
    pipeline='images that are read or cropped differently',
    data='other images or labels',
    num_samples='another number of images',
    half='another precision',
    stage='another stage of the backbone',
)


@dataclass(frozen=True)
class FeatureCache:
    """Folder that stores the features of one checkpoint.

    Args:
        folder: Folder with one store per data set; those of stages are in a
            folder of their own inside, such as ``stage2``.
        source: Checkpoint and network that the features depend on, from
            :func:`feature_source`.
        half: Whether to store the features as float16.
        refresh: Whether to replace stored features of another checkpoint,
            config or data set; otherwise they are an error.
        batch_size: Batch size of the feature pass, per rank.
        num_workers: Number of worker processes of the feature pass, per rank.
        stage: Stage of the backbone whose pooled output are the features, see
            :func:`~hirl_mm.engine.features.stage_features.stage_features`;
            None for the output of the backbone.
    """

    folder: Path
    source: dict
    half: bool = False
    refresh: bool = False
    batch_size: int = 256
    num_workers: int = 4
    stage: int | None = None

    def features(
        self,
        model: Callable[[], BaseModel],
        dataset: BaseDataset | DistinctImages,
        name: str,
        pipeline: list,
    ) -> Tensor:
        """Return the features of a data set; extract them if needed.

        All ranks must call this; each extracts its share.

        Args:
            model: Function that returns the model in evaluation mode; called
                only if features have to be extracted.
            dataset: Images with their evaluation pipeline.
            name: Name of the data set and of its store.
            pipeline: Config of the data set's pipeline, see
                :func:`~hirl_mm.datasets.wrappers.pipelines_of`.

        Returns:
            Features (M, C) of the images :meth:`readable`, read from disk
            when they are used. A warning names other images.

        Raises:
            FeatureStoreError: If the store holds features of another
                checkpoint, config or data set, or is damaged.
            FeaturePassError: If features are NaN or infinite.
            OSError: If an image cannot be read and the pipeline does not
                ignore it.
        """
        store_features([self], model, dataset, name, pipeline)
        read = set(self.readable(name, len(dataset)).tolist())
        left_out = sorted(set(range(len(dataset))) - read)
        warn_of_unreadable(distinct_images(dataset), left_out, name)
        return open_features(self.store(name))

    def store(self, name: str) -> Path:
        """Return the folder of the store of a data set."""
        if self.stage is None:
            return self.folder / name
        return self.folder / f'stage{self.stage}' / name

    def readable(self, name: str, num_images: int) -> Tensor:
        """Return which images the stored features belong to.

        Args:
            name: Name of the data set and of its store.
            num_images: Number of images N of the data set.

        Returns:
            (M,) long, ascending indices: all N but for those that could not
            be read and that the pipeline ignores.
        """
        return stored_samples(self.store(name), num_images)

    def facts(self, of_data: dict) -> dict:
        """Return all that the features depend on.

        Args:
            of_data: What they depend on besides checkpoint and options.
        """
        facts = self.source | dict(half=self.half) | of_data
        return facts if self.stage is None else facts | dict(stage=self.stage)

    def must_extract(self, name: str, facts: dict) -> bool:
        """Return whether features are missing, and clear an unusable store.

        Rank 0 decides for all ranks, before any of them writes a file.

        Args:
            name: Name of the data set and of its store.
            facts: All that the features depend on.

        Raises:
            FeatureStoreError: If the store holds other features, or is
                damaged.
        """
        folder = self.store(name)
        answers: list[str | bool] = [False]
        if is_main_process():
            stored = stored_facts(folder)
            complaint = _difference(folder, stored, facts)
            if stored is not None:
                complaint = complaint or _damage(folder)
            if complaint and self.refresh:
                stored, complaint = None, None
            if stored is None:
                remove_store(folder)
            answers = [complaint or (stored is None)]
        broadcast_object_list(answers)
        (answer,) = answers
        if isinstance(answer, str):
            raise FeatureStoreError(answer)
        return answer


def store_features(
    caches: Sequence[FeatureCache],
    model: Callable[[], BaseModel],
    dataset: BaseDataset | DistinctImages,
    name: str,
    pipeline: list,
) -> None:
    """Extract and store what several caches lack, in one pass for all.

    All ranks must call this; each extracts its share.

    Args:
        caches: Caches that differ in nothing but their ``stage``.
        model: See :meth:`FeatureCache.features`, as all other arguments.
        dataset: Images with their evaluation pipeline.
        name: Name of the data set and of its stores.
        pipeline: Config of the data set's pipeline.

    Raises:
        FeatureStoreError: If a store holds other features, or is damaged.
        FeaturePassError: If features are NaN or infinite.
        ValueError: If the backbone lacks a stage.
        OSError: If an image cannot be read and the pipeline does not ignore
            it.
    """
    of_data = dict(
        num_samples=len(dataset),
        data=data_fingerprint(dataset),
        pipeline=config_fingerprint(pipeline),
    )
    lacking = [c for c in caches if c.must_extract(name, c.facts(of_data))]
    if not lacking:
        return
    _extract(lacking, model(), dataset, name)
    barrier()
    if is_main_process():
        for cache in lacking:
            facts = cache.facts(of_data)
            merge_shards(cache.store(name), len(dataset), facts)
    barrier()


def _extract(
    caches: Sequence[FeatureCache],
    model: BaseModel,
    dataset: BaseDataset | DistinctImages,
    name: str,
) -> None:
    first = caches[0]
    extract = stage_features(model, [cache.stage for cache in caches])
    loader = feature_loader(dataset, None, first.batch_size, first.num_workers)

    def of_batch(batch: dict) -> list[Tensor]:
        return extract(normalized_images(model, batch))

    with named_by_path(loader.dataset, name):
        write_shards(
            of_batch,
            logged_progress(loader, name),
            [cache.store(name) for cache in caches],
            first.half,
        )


def feature_source(
    cfg: Config, checkpoint: str | None, prefix: str | None = None
) -> dict:
    """Return what the features of a network depend on besides the data.

    Args:
        cfg: Training config.
        checkpoint: Path of the checkpoint file; None for random weights from
            the seed of the config.
        prefix: Prefix of the backbone's keys in the file; None for the
            network that the method evaluates.
    """
    weights = (
        f'random, seed {cfg.get("randomness", {}).get("seed")}'
        if checkpoint is None
        else file_fingerprint(checkpoint)
    )
    return dict(
        checkpoint=weights,
        prefix=prefix,
        network=config_fingerprint(with_data_preprocessor(cfg)),
    )


def _difference(folder: Path, stored: dict | None, facts: dict) -> str | None:
    """Return an error text if stored features do not fit, else None."""
    if stored is None or stored == facts:
        return None
    differing = [
        f'{_MEANING[key]} ({key}: {stored.get(key)!s:.16}, now '
        f'{facts.get(key)!s:.16})'
        for key in _MEANING
        if stored.get(key) != facts.get(key)
    ]
    return (
        f'{folder} holds features of {" and of ".join(differing)}. Choose '
        'another folder with --out, or replace the features with --refresh'
    )


def _damage(folder: Path) -> str | None:
    """Return an error text if a file of a store is damaged, else None."""
    file = damaged_file(folder)
    if file is None:
        return None
    return (
        f'{file} is missing or damaged: it has another checksum than when it '
        'was written. Extract the features again with --refresh'
    )
