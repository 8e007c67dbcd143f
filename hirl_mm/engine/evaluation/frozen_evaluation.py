"""Evaluate the frozen features of one network on labelled data sets."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.logging import MMLogger
from mmengine.model import BaseModel

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.datasets.distinct_images import DistinctImages
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
)
from hirl_mm.engine.features.dataset_features import (
    TRAIN,
    VAL,
)
from hirl_mm.engine.features.fingerprint import data_identity, same_data
from hirl_mm.evaluation.arm_results import LEFT_OUT, ArmResults, at_stage
from hirl_mm.evaluation.frozen_protocols import (
    FrozenData,
    Outcome,
    Taxonomy,
    evaluate_clustering,
    evaluate_knn,
    evaluate_logistic,
    evaluate_tree,
)
from hirl_mm.structures import PrototypeTree
from hirl_mm.visualization import draw_embedding
from hirl_mm.visualization.projection import MIN_SAMPLES

from .frozen_plan import plan_evaluation
from .stored_sets import StoredSets

_TRAINED_TREE = 'tree of the training'


@dataclass(frozen=True)
class FrozenOptions:
    """Options of an evaluation of frozen features.

    Args:
        ks: Numbers of neighbours k of the kNN classifier.
        shares: Shares of the training images that logistic regression learns
            from, see :func:`plan_evaluation`.
        hierarchy: Path of a taxonomy file; None for the file
            ``hierarchy.json`` beside the images, if there is one.
        num_prototypes: Number of prototypes per level, from fine to coarse,
            of a tree that is built from the training features. Empty for no
            such tree.
        seed: Seed of the clusterings and of the drawn shares.
    """

    ks: Sequence[int] = (10, 20, 100, 200)
    shares: Sequence[str] = ('1%', '10%', '100%')
    hierarchy: str | None = None
    num_prototypes: Sequence[int] = ()
    seed: int = 0


class FrozenEvaluation(StoredSets):
    """Evaluate features by kNN, logistic regression, clustering and trees.

    All protocols use the same cached features.

    Args:
        cfg: A config with the labelled data sets ``knn_gallery``, the training
            images, and ``knn_queries``, the validation images.
        options: What to evaluate.
        tree: The tree that the network was trained with, if any. If it was
            not built on the training images in their order, it is skipped
            with a warning.

    Raises:
        ValueError: If data and options do not fit, see
            :func:`plan_evaluation`.
        FileNotFoundError: If the taxonomy or the list of a share is missing.
    """

    def __init__(
        self,
        cfg: Config,
        options: FrozenOptions,
        tree: PrototypeTree | None = None,
    ) -> None:
        self.options = options
        super().__init__(cfg, (TRAIN, VAL))
        self.plan = plan_evaluation(
            self._sets[TRAIN],
            self._sets[VAL],
            options.ks,
            options.shares,
            options.hierarchy,
            options.seed,
        )
        self.tree = None
        if tree is not None and _is_over(tree, self._sets[TRAIN]):
            self.tree = tree

    def extract(
        self, cache: FeatureCache, model: Callable[[], BaseModel]
    ) -> None:
        """Take the features of a cache; extract those that it lacks.

        All ranks must call this. Images that cannot be read and that the
        pipeline ignores are left out, with a warning.

        Args:
            cache: The features that were extracted before.
            model: Function that returns the model. It is called only if
                features are missing.
        """
        train, val = (
            cache.features(
                model, self._sets[name], name, self._pipelines[name]
            )
            for name in (TRAIN, VAL)
        )
        train_labels, val_labels = self.plan.train_labels, self.plan.val_labels
        read = cache.readable(TRAIN, len(train_labels))
        self.data = FrozenData(
            train,
            train_labels[read],
            val,
            val_labels[cache.readable(VAL, len(val_labels))],
            len(self.plan.class_names),
        )
        self.stage = cache.stage
        self._subsets = {
            share: torch.searchsorted(read, chosen[torch.isin(chosen, read)])
            for share, chosen in self.plan.subsets.items()
        }

    def run(self, results: ArmResults) -> None:
        """Add the scores of all protocols to ``results``.

        Features of a stage of the backbone get rows of their own. What the
        data do not allow, such as more neighbours than images, is left out,
        with a warning.
        """
        logger = MMLogger.get_current_instance()
        for name, protocol in self._protocols().items():
            stage = self.stage
            if name == _TRAINED_TREE:
                if name in results.figures:
                    continue
                stage = None  # It is of all stages.
            began = time.perf_counter()
            scores, facts = protocol()
            seconds = round(time.perf_counter() - began, 2)
            logger.info(f'{at_stage(name, stage)}: {seconds} s')
            left_out = facts.pop(LEFT_OUT, {})
            for part in dict.fromkeys([*scores, *left_out]):
                row, missing = at_stage(part, stage), left_out.get(part)
                for figure, reason in (missing or {}).items():
                    logger.warning(f'left out: {row}, {figure}: {reason}')
                results.add(
                    row,
                    scores.get(part, {}),
                    missing,
                    **facts,
                    seconds=seconds,
                )

    def draw(self, folder: Path) -> None:
        """Write ``embedding.png``, a 2-d embedding of the validation images.

        That of stage 2 of the backbone is ``embedding_stage2.png``.

        Args:
            folder: Folder of the picture. With fewer than 4 images there is
                no picture, but a warning.
        """
        end = '' if self.stage is None else f'_stage{self.stage}'
        name = f'embedding{end}.png'
        if len(self.data.val) < MIN_SAMPLES:
            MMLogger.get_current_instance().warning(
                f'left out: {name}: it needs {MIN_SAMPLES} images, '
                f'there are {len(self.data.val)}'
            )
            return
        draw_embedding(
            self.data.val,
            self.data.val_labels,
            folder / name,
            self.plan.class_names,
            seed=self.options.seed,
        )

    def _protocols(self) -> dict[str, Callable[[], Outcome]]:
        data, plan, seed = self.data, self.plan, self.options.seed
        levels = plan.taxonomy
        protocols = {
            'kNN': lambda: evaluate_knn(data, self.options.ks, levels),
            'logistic regression': lambda: evaluate_logistic(
                data, self._subsets, seed
            ),
            'clustering': lambda: evaluate_clustering(data, seed, levels),
        }
        classes = Taxonomy(['class'], [np.arange(data.num_classes)])
        tables = levels or classes
        tree = self.tree
        if tree is not None:
            protocols[_TRAINED_TREE] = lambda: evaluate_tree(
                tree, plan.train_labels, tables, _TRAINED_TREE
            )
        if self.options.num_prototypes:
            name = 'tree of the features'
            protocols[name] = lambda: self._evaluate_features(tables, name)
        return protocols

    def _evaluate_features(self, tables: Taxonomy, name: str) -> Outcome:
        finest, num = self.options.num_prototypes[0], len(self.data.train)
        if finest > num:
            reason = f'there are {num} training images'
            return {}, {LEFT_OUT: {name: {f'K={finest}': reason}}}
        return evaluate_tree(
            self._tree_of_features(), self.data.train_labels, tables, name
        )

    def _tree_of_features(self) -> PrototypeTree:
        """Build a tree of the training features, in the same way for all."""
        return hierarchical_kmeans(
            self.data.train.float(),
            self.options.num_prototypes,
            seed=self.options.seed,
        )


def _is_over(tree: PrototypeTree, train: BaseDataset | DistinctImages) -> bool:
    """Whether a tree was built on the training images; if not, warn."""
    logger = MMLogger.get_current_instance()
    if len(tree.leaf) != len(train):
        logger.warning(
            f'the tree in the checkpoint has {len(tree.leaf)} images, but '
            f'{TRAIN} has {len(train)}: the tree is skipped'
        )
        return False
    same = same_data(tree.data, data_identity(train))
    if same is False:
        logger.warning(
            f'the tree in the checkpoint was built on other images than '
            f'{TRAIN} has ({train.data_root}), or on the same images in '
            f'another order: the tree is skipped. Let {TRAIN} read the '
            'images of the training, from the same folder or list'
        )
    elif same is None:
        logger.warning(
            'the tree in the checkpoint does not record its images (it is '
            'from an earlier version): it is evaluated, but its purity is '
            f'wrong unless it was built on the images of {TRAIN} in their '
            'order'
        )
    return same is not False
