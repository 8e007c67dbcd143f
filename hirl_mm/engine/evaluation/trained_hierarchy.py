from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.checkpoints.trees import load_tree
from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.datasets.image_label import label_of
from hirl_mm.datasets.path_images import PathImages
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.engine.features.feature_pass import feature_loader, feature_pass
from hirl_mm.engine.features.fingerprint import (
    config_fingerprint,
    data_fingerprint,
    data_identity,
    file_fingerprint,
)
from hirl_mm.engine.features.tree_images import check_images
from hirl_mm.engine.runtime.hook_entries import entries_of
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.engine.trees.final_tree import final_tree
from hirl_mm.features.row_file import stored_rows
from hirl_mm.hierarchy import nearest_prototypes
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.registry import enter_scope
from hirl_mm.structures import EmbeddedImages, PrototypeTree
from hirl_mm.structures.name_column import NameColumn

from .trained_prototypes import load_prototypes

HOOK = 'HierarchicalKMeansHook'


class TrainedHierarchy:
    """The tree of a training with HIRL, and the model that places images.

    The model is built when the first image is embedded.

    Args:
        cfg: Config of the training.
        checkpoint: A checkpoint of it that holds a tree.
        folder: Folder in which embeddings are kept.
        trust: Whether the checkpoint may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Raises:
        ValueError: If the config is none of a training with HIRL.
    """

    def __init__(
        self,
        cfg: Config,
        checkpoint: str | Path,
        folder: str | Path,
        trust: bool = False,
    ) -> None:
        hooks = entries_of(cfg, HOOK)
        if not hooks:
            raise ValueError(
                f'{cfg.filename} has no {HOOK}: give a training with HIRL'
            )
        self.hook = hooks[0]
        self.pipeline = self.hook['pipeline']
        self.cfg = cfg
        self.checkpoint = Path(checkpoint)
        self.folder = Path(folder)
        self.trust = trust

    @cached_property
    def tree_of_checkpoint(self) -> PrototypeTree:
        """The tree that the last epoch was trained with, on the CPU.

        Raises:
            ValueError: If the checkpoint holds no tree.
        """
        return load_tree(self.checkpoint, self.trust)

    @cached_property
    def model(self) -> BaseModel:
        """The trained model in evaluation mode, on a GPU if there is one.

        Raises:
            ValueError: If the checkpoint does not hold the config's model.
        """
        model, _ = load_prototypes(self.cfg, str(self.checkpoint), self.trust)
        if not isinstance(model, HIRLAlgorithm):
            raise ValueError(
                f'{self.cfg.filename} trains a {type(model).__name__}, which '
                'has no embeddings for a tree: give a training with HIRL'
            )
        return model

    def training_images(
        self, batch_size: int = 256, num_workers: int | None = None
    ) -> EmbeddedImages:
        """Embed the training images, and build the tree of the last weights.

        That tree has the sizes and settings of the trees of the training,
        see :func:`~hirl_mm.engine.trees.final_tree.final_tree`.
        Embeddings and tree are kept, and read again by later calls.

        Args:
            batch_size: Images per batch.
            num_workers: Number of worker processes that read images; None
                for that of the training.

        Raises:
            ValueError: If the checkpoint holds no tree, or one of other
                images than the config's.
        """
        enter_scope(self.cfg)
        images = distinct_images(
            build_dataset(self.cfg.train_dataloader.dataset)
        )
        check_images(self.tree_of_checkpoint, images, self.cfg)
        rows, facts = self._rows(images, 'train', batch_size, num_workers)
        data = data_identity(images)
        tree = final_tree(rows, self.hook, data, self.folder, facts)
        labels = [label_of(info) for info in images.infos()]
        known = images.has_same_classes and any(x is not None for x in labels)
        return EmbeddedImages(
            tree,
            NameColumn(map(images.name, range(len(images)))),
            rows,
            tree.leaf,
            torch.tensor([-1 if x is None else x for x in labels])
            if known
            else None,
            tuple(images.CLASSES or ()) if known else (),
        )

    def images_of(
        self,
        paths: Sequence[str],
        tree: PrototypeTree,
        name: str,
        batch_size: int = 256,
        num_workers: int | None = None,
    ) -> EmbeddedImages:
        """Embed images of files and find their leaves in a tree.

        Args:
            paths: N files.
            tree: The tree.
            name: Name under which the embeddings are kept.
            batch_size: Images per batch.
            num_workers: Number of worker processes that read images; None
                for that of the training.
        """
        enter_scope(self.cfg)
        images = distinct_images(PathImages(paths))
        rows, _ = self._rows(images, name, batch_size, num_workers)
        return EmbeddedImages(
            tree,
            NameColumn(paths),
            rows,
            nearest_prototypes(rows, tree.centroids[0]),
        )

    def _rows(
        self,
        images: DistinctImages,
        name: str,
        batch_size: int,
        num_workers: int | None,
    ) -> tuple[Tensor, dict]:
        """Return embeddings (N, D), and what they depend on."""
        if num_workers is None:
            num_workers = int(self.cfg.train_dataloader.get('num_workers', 0))
        facts = dict(
            checkpoint=file_fingerprint(self.checkpoint),
            network=config_fingerprint(with_data_preprocessor(self.cfg)),
            pipeline=config_fingerprint(self.pipeline),
            data=data_fingerprint(images),
        )

        def compute(block: range) -> Tensor:
            loader = feature_loader(
                images.get_subset(block),
                self.pipeline,
                batch_size,
                num_workers,
            )
            found = feature_pass(
                self.model,
                self.model.extract_z0,
                loader,
                f'images {block.start} to {block.stop} of {len(images)}',
            )
            numbers, rows = found
            whole = rows.new_full((len(block), rows.size(1)), torch.nan)
            whole[numbers] = torch.nn.functional.normalize(rows, dim=1)
            return whole

        folder = self.folder / name
        rows = stored_rows(folder, len(images), compute, facts)
        return rows, facts
