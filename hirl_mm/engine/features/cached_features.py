"""Frozen features of a labelled data set, extracted once and stored."""

from collections.abc import Callable
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
    write_shard,
)

from .feature_pass import (
    feature_loader,
    named_by_path,
    normalized_images,
    pooled_backbone,
)
from .fingerprint import config_fingerprint, data_fingerprint, file_fingerprint
from .image_reading import warn_of_unreadable

_MEANING = dict(
    checkpoint='another checkpoint',
    prefix='another network of the checkpoint',
    network='another model or normalisation in the config',
    pipeline='images that are read or cropped differently',
    data='other images or labels',
    num_samples='another number of images',
    half='another precision',
)


@dataclass(frozen=True)
class FeatureCache:
    """Folder that stores the features of one checkpoint.

    Args:
        folder: Folder with one store per data set.
        source: Checkpoint and network that the features depend on, from
            :func:`feature_source`.
        half: Whether to store the features as float16.
        refresh: Whether to replace stored features of another checkpoint,
            config or data set; otherwise they are an error.
        batch_size: Batch size of the feature pass, per rank.
        num_workers: Number of worker processes of the feature pass, per rank.
    """

    folder: Path
    source: dict
    half: bool = False
    refresh: bool = False
    batch_size: int = 256
    num_workers: int = 4

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
                checkpoint, config or data set.
            FeaturePassError: If features are NaN or infinite.
            OSError: If an image cannot be read and the pipeline does not
                ignore it.
        """
        folder = self.folder / name
        facts = self.source | dict(
            half=self.half,
            num_samples=len(dataset),
            data=data_fingerprint(dataset),
            pipeline=config_fingerprint(pipeline),
        )
        if self._must_extract(folder, facts):
            self._extract(model(), dataset, name)
            barrier()
            if is_main_process():
                merge_shards(folder, len(dataset), facts)
            barrier()
        read = set(self.readable(name, len(dataset)).tolist())
        left_out = sorted(set(range(len(dataset))) - read)
        warn_of_unreadable(distinct_images(dataset), left_out, name)
        return open_features(folder)

    def readable(self, name: str, num_images: int) -> Tensor:
        """Return which images the stored features belong to.

        Args:
            name: Name of the data set and of its store.
            num_images: Number of images N of the data set.

        Returns:
            (M,) long, ascending indices: all N but for those that could not
            be read and that the pipeline ignores.
        """
        return stored_samples(self.folder / name, num_images)

    def _must_extract(self, folder: Path, facts: dict) -> bool:
        """Return rank 0's decision, and clear an unusable store.

        Rank 0 decides for all ranks, before any of them writes a file.
        """
        answer = [None]
        if is_main_process():
            stored = stored_facts(folder)
            complaint = _difference(folder, stored, facts)
            if complaint and self.refresh:
                stored, complaint = None, None
            if stored is None:
                remove_store(folder)
            answer = [complaint or (stored is None)]
        broadcast_object_list(answer)
        if isinstance(answer[0], str):
            raise FeatureStoreError(answer[0])
        return answer[0]

    def _extract(
        self,
        model: BaseModel,
        dataset: BaseDataset | DistinctImages,
        name: str,
    ) -> None:
        loader = feature_loader(
            dataset, None, self.batch_size, self.num_workers
        )
        extract = pooled_backbone(model)

        def of_batch(batch: dict) -> Tensor:
            return extract(normalized_images(model, batch))

        with named_by_path(loader.dataset, name):
            write_shard(
                of_batch,
                logged_progress(loader, name),
                self.folder / name,
                self.half,
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
        f'{_MEANING[key]} ({key}: {stored.get(key)!s:.16}, now {value!s:.16})'
        for key, value in facts.items()
        if stored.get(key) != value
    ]
    return (
        f'{folder} holds features of {" and of ".join(differing)}. Choose '
        'another folder with --out, or replace the features with --refresh'
    )
