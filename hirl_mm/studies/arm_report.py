"""Quality of frozen features, side by side for several arms."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from hirl_mm.evaluation.functional import (
    clustering_scores,
    knn_accuracy,
    tree_purity,
)
from hirl_mm.tables import aligned_table

from .report import report_facts, write_report


def measure_arm(
    gallery: Tensor,
    gallery_labels: Tensor,
    queries: Tensor,
    query_labels: Tensor,
    num_prototypes: Sequence[int],
    seed: int = 0,
) -> dict[str, float]:
    """Measure the features of one arm.

    kNN classifies the queries by the gallery. The gallery alone is clustered,
    without its labels: by k-means with one cluster per class, and by a tree
    of prototypes, of which the purity of every level is measured.

    Args:
        gallery: Features (N, D) of labelled images.
        gallery_labels: Their classes (N,), long, counted from 0.
        queries: Features (Q, D) of the images to classify.
        query_labels: Their classes (Q,), long.
        num_prototypes: Number of prototypes of every level of the tree, from
            fine to coarse.
        seed: Seed of the clusterings.

    Returns:
        Percent by name, in the order of the columns of a table.
    """
    ks = (10, 20, 100)
    accuracy = knn_accuracy(gallery, gallery_labels, queries, query_labels, ks)
    tree = hierarchical_kmeans(gallery, num_prototypes, seed=seed)
    num_classes = int(gallery_labels.max()) + 1
    _, clusters, _ = kmeans(
        F.normalize(gallery, dim=1), num_classes, num_restarts=5, seed=seed
    )
    scores = clustering_scores(gallery_labels.cpu(), clusters.cpu())
    return {
        **{f'kNN k={k}': value for k, value in accuracy.items()},
        'cluster acc': scores['acc'],
        'NMI': scores['nmi'],
        **{
            f'purity K={num}': purity
            for num, purity in zip(
                num_prototypes,
                tree_purity(tree, gallery_labels),
                strict=True,
            )
        },
    }


def markdown_table(arms: Mapping[str, Mapping[str, float]]) -> str:
    """Return a Markdown table: a row per arm, a column per figure."""
    columns = list(next(iter(arms.values())))
    rows = [
        [name, *(f'{figures[column]:.1f}' for column in columns)]
        for name, figures in arms.items()
    ]
    return aligned_table(['arm', *columns], rows)


def write_arm_report(
    folder: Path, arms: Mapping[str, Mapping[str, float]], **facts
) -> str:
    """Write ``report.json`` and ``report.md``.

    Args:
        folder: Folder to write to.
        arms: Percent by arm and figure, see :func:`measure_arm`.
        **facts: About the measurement, such as its seed.

    Returns:
        The table.
    """
    facts = report_facts(**facts)
    table = markdown_table(arms)
    write_report(
        folder / 'report.md',
        table=table,
        note='All figures in percent.',
        facts=facts,
        content=dict(facts=facts, arms=arms),
    )
    return table
