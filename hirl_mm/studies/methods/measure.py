"""Measure the frozen features of a pre-trained network."""

import copy
from collections.abc import Sequence

from mmengine.config import Config

from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.dataset_features import (
    TRAIN,
    VAL,
    dataset_features,
    evaluation_data,
)
from hirl_mm.engine.features.labelled_sets import labelled_sets

from ..arm_report import measure_arm
from ..run_folder import RunFolder
from ..study_run import StudyRun


def measure_network(
    cfg: Config,
    checkpoint: str | None,
    num_prototypes: Sequence[int],
    seed: int = 0,
) -> dict[str, float]:
    """Return kNN accuracy, clustering scores and purity of a network.

    Args:
        cfg: Config of the pre-training, with ``knn_gallery`` and
            ``knn_queries``; it is not changed.
        checkpoint: Checkpoint of that pre-training; None for random weights.
        num_prototypes: Number of prototypes per level of the tree whose
            purity is measured, from fine to coarse.
        seed: Seed of random weights and of the clusterings.

    Returns:
        Percentages by name, see
        :func:`~hirl_mm.studies.arm_report.measure_arm`.
    """
    cfg = copy.deepcopy(cfg)
    cfg.randomness = dict(seed=seed)
    configs = {name: evaluation_data(cfg, name) for name in (TRAIN, VAL)}
    sets = labelled_sets(configs)
    model = load_pretrained(cfg, checkpoint)
    parts = [
        dataset_features(model, dataset, name, num_workers=0)[:2]
        for name, dataset in sets.items()
    ]
    return measure_arm(*parts[0], *parts[1], num_prototypes, seed)


def measure_run(
    run: StudyRun, num_prototypes: Sequence[int]
) -> dict[str, float]:
    """Measure the last checkpoint of a finished training.

    Args:
        run: Run of :func:`~hirl_mm.studies.methods.plan_methods`.
        num_prototypes: See :func:`measure_network`.
    """
    _, seed = run.key
    cfg = Config.fromfile(run.config)
    checkpoint = str(RunFolder(run.folder).last_checkpoint())
    return measure_network(cfg, checkpoint, num_prototypes, seed)
