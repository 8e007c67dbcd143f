"""Frozen evaluation of one network: from data sets to figures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from mmpretrain.registry import DATASETS

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.engine.features.cached_features import FeatureCache
from hirl_mm.engine.features.dataset_features import (
    TRAIN,
    VAL,
    evaluation_data,
)
from hirl_mm.engine.features.fingerprint import data_identity, same_data
from hirl_mm.evaluation.arm_results import ArmResults
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

from .frozen_plan import plan_evaluation


@dataclass(frozen=True)
class FrozenOptions:
    """Of an evaluation of frozen features.

    Args:
        ks: Numbers of neighbours.
        shares: Of labelled training images, see :func:`plan_evaluation`.
        hierarchy: File of a taxonomy; None for the one beside the images.
        num_prototypes: Of a tree that is built of the training features,
            from fine to coarse; none if empty.
        seed: Of clusterings and draws.
    """

    ks: Sequence[int] = (10, 20, 100, 200)
    shares: Sequence[str] = ('1%', '10%', '100%')
    hierarchy: str | None = None
    num_prototypes: Sequence[int] = ()
    seed: int = 0


class FrozenEvaluation:
    """kNN, logistic regression, clustering and trees, from one cache.

    Args:
        cfg: A config that names the labelled data sets ``knn_gallery``, the
            training images, and ``knn_queries``, the validation images.
        options: What to evaluate.
        tree: The one that the network was trained with, if there is one;
            it is left out, with a warning, if it is not over the training
            images in their order.

    Raises:
        ValueError: See :func:`plan_evaluation`.
        FileNotFoundError: If a named file is not there.
    """

    def __init__(
        self,
        cfg: Config,
        options: FrozenOptions,
        tree: PrototypeTree | None = None,
    ) -> None:
        self.options = options
        configs = {name: evaluation_data(cfg, name) for name in (TRAIN, VAL)}
        self._pipelines = {name: c.pipeline for name, c in configs.items()}
        self._sets = {name: DATASETS.build(c) for name, c in configs.items()}
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
        """Extract what the cache lacks; all ranks call this."""
        train, val = (
            cache.features(
                model, self._sets[name], name, self._pipelines[name]
            )
            for name in (TRAIN, VAL)
        )
        self.data = FrozenData(
            train,
            self.plan.train_labels,
            val,
            self.plan.val_labels,
            len(self.plan.class_names),
        )

    def run(self, results: ArmResults) -> None:
        """Add the figures of all protocols to ``results``."""
        logger = MMLogger.get_current_instance()
        for name, protocol in self._protocols().items():
            began = time.perf_counter()
            figures, facts = protocol()
            seconds = round(time.perf_counter() - began, 2)
            logger.info(f'{name}: {seconds} s')
            for part, values in figures.items():
                results.add(part, values, **facts, seconds=seconds)

    def draw(self, folder: Path) -> None:
        """Write ``embedding.png``, the validation images in two dimensions."""
        draw_embedding(
            self.data.val,
            self.data.val_labels,
            folder / 'embedding.png',
            self.plan.class_names,
            seed=self.options.seed,
        )

    def _protocols(self) -> dict[str, Callable[[], Outcome]]:
        data, plan, seed = self.data, self.plan, self.options.seed
        levels = plan.taxonomy
        protocols = {
            'kNN': lambda: evaluate_knn(data, self.options.ks, levels),
            'logistic regression': lambda: evaluate_logistic(
                data, plan.subsets, seed
            ),
            'clustering': lambda: evaluate_clustering(data, seed, levels),
        }
        classes = Taxonomy(['class'], [np.arange(data.num_classes)])
        tables = levels or classes
        tree = self.tree
        if tree is not None:
            protocols['tree of the training'] = lambda: evaluate_tree(
                tree, plan.train_labels, tables, 'tree of the training'
            )
        if self.options.num_prototypes:
            protocols['tree of the features'] = lambda: evaluate_tree(
                self._grown(),
                plan.train_labels,
                tables,
                'tree of the features',
            )
        return protocols

    def _grown(self) -> PrototypeTree:
        """A tree of the training features, the same for every network."""
        return hierarchical_kmeans(
            self.data.train.float(),
            self.options.num_prototypes,
            seed=self.options.seed,
        )


def _is_over(tree: PrototypeTree, train: BaseDataset) -> bool:
    """Whether a tree is over the training images; a warning says if not."""
    logger = MMLogger.get_current_instance()
    if len(tree.leaf) != len(train):
        logger.warning(
            f'the tree in the checkpoint is over {len(tree.leaf)} images, '
            f'{TRAIN} has {len(train)}: the tree is left out'
        )
        return False
    same = same_data(tree.data, data_identity(train))
    if same is False:
        logger.warning(
            f'the tree in the checkpoint is over other images than {TRAIN} '
            f'({train.data_root}), or over the same in another order: the '
            f'tree is left out. Let {TRAIN} read the images that the training '
            'read, by the same folder or list'
        )
    elif same is None:
        logger.warning(
            'nothing tells whether the tree in the checkpoint is over the '
            f'images of {TRAIN}, in their order (trees of earlier versions '
            'do not say it): it is measured, and its purity is wrong if not'
        )
    return same is not False
