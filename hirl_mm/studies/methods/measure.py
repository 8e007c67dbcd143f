"""Measure the frozen features of a pre-trained network."""

import copy
from collections.abc import Mapping, Sequence

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
from hirl_mm.evaluation.functional import knn_accuracy

from ..arm_report import measure_arm
from ..run_folder import RunFolder
from ..study_run import StudyRun

# Neighbours of the kNN of stages, as many as the probe of a training uses.
_STAGE_K = 20


def measure_network(
    cfg: Config,
    checkpoint: str | None,
    num_prototypes: Sequence[int],
    seed: int = 0,
    stages: Sequence[int] = (),
) -> dict[str, float]:
    """Return kNN accuracy, clustering scores and purity of a network.

    Args:
        cfg: Config of the pre-training, with ``knn_gallery`` and
            ``knn_queries``; it is not changed.
        checkpoint: Checkpoint of that pre-training; None for random weights.
        num_prototypes: Number of prototypes per level of the tree whose
            purity is measured, from fine to coarse.
        seed: Seed of random weights and of the clusterings.
        stages: Stages of a ResNet whose pooled outputs are measured by kNN,
            too, counted from 1.

    Returns:
        Percentages by name, see
        :func:`~hirl_mm.studies.arm_report.measure_arm`, and kNN accuracy of
        the stages.

    Raises:
        ValueError: If the backbone lacks a stage.
    """
    cfg = copy.deepcopy(cfg)
    cfg.randomness = dict(seed=seed)
    configs = {name: evaluation_data(cfg, name) for name in (TRAIN, VAL)}
    sets = labelled_sets(configs)
    model = load_pretrained(cfg, checkpoint)
    gallery, queries = _features(model, sets)
    figures = measure_arm(*gallery, *queries, num_prototypes, seed)
    for stage in stages:
        gallery, queries = _features(model, sets, stage)
        accuracy = knn_accuracy(*gallery, *queries, [_STAGE_K])
        figures[f'kNN k={_STAGE_K}, stage {stage}'] = accuracy[_STAGE_K]
    return figures


def measure_run(
    run: StudyRun, num_prototypes: Sequence[int], stages: Sequence[int] = ()
) -> dict[str, float]:
    """Measure the last checkpoint of a finished training.

    Args:
        run: Run of :func:`~hirl_mm.studies.methods.plan_methods`.
        num_prototypes: See :func:`measure_network`.
        stages: See :func:`measure_network`.
    """
    _, seed = run.key
    cfg = Config.fromfile(run.config)
    checkpoint = str(RunFolder(run.folder).last_checkpoint())
    return measure_network(cfg, checkpoint, num_prototypes, seed, stages)


def _features(
    model: BaseModel,
    sets: Mapping[str, BaseDataset],
    stage: int | None = None,
) -> list[tuple[Tensor, Tensor]]:
    """Return features and labels of the gallery and of the queries."""
    return [
        dataset_features(model, dataset, name, num_workers=0, stage=stage)[:2]
        for name, dataset in sets.items()
    ]
