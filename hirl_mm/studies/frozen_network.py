"""A frozen network and the labelled images that it is measured with."""

import copy
from dataclasses import dataclass

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.dataset_features import (
    TRAIN,
    VAL,
    dataset_features,
    evaluation_data,
)
from hirl_mm.engine.features.labelled_sets import labelled_sets


@dataclass(frozen=True)
class FrozenNetwork:
    """A network and two labelled data sets with the same classes.

    Args:
        model: The model in evaluation mode.
        gallery: Images that others are compared with.
        queries: Images that are classified.
    """

    model: BaseModel
    gallery: BaseDataset
    queries: BaseDataset

    def features(
        self, stage: int | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the pooled features of all images, and their labels.

        Args:
            stage: Stage of a ResNet, from 1; None for the output of the
                backbone.

        Returns:
            Features (N, C) and labels (N,) of the gallery, then those (Q, C)
            and (Q,) of the queries.

        Raises:
            ValueError: If the backbone lacks the stage.
        """
        gallery, queries = (
            dataset_features(
                self.model, images, name, num_workers=0, stage=stage
            )[:2]
            for name, images in ((TRAIN, self.gallery), (VAL, self.queries))
        )
        return *gallery, *queries


def frozen_network(
    cfg: Config, checkpoint: str | None, seed: int
) -> FrozenNetwork:
    """Load a network and the labelled images of its config.

    Args:
        cfg: Config of a pre-training, with ``knn_gallery`` and
            ``knn_queries``; it is not changed.
        checkpoint: Checkpoint of that pre-training; None for random weights.
        seed: Seed of random weights.

    Raises:
        ValueError: If the config names no such images, or the checkpoint does
            not fit.
    """
    cfg = copy.deepcopy(cfg)
    cfg.randomness = dict(seed=seed)
    configs = {name: evaluation_data(cfg, name) for name in (TRAIN, VAL)}
    sets = labelled_sets(configs)
    model = load_pretrained(cfg, checkpoint)
    return FrozenNetwork(model, sets[TRAIN], sets[VAL])
