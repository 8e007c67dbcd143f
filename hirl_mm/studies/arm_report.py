"""What frozen features are worth, side by side for several arms."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from hirl_mm.evaluation.functional import (
    clustering_scores,
    knn_accuracy,
    tree_purity,
)
from hirl_mm.files import replacing
from hirl_mm.tables import aligned_table
from hirl_mm.version import __version__


def measure_arm(
    bank: Tensor,
    bank_labels: Tensor,
    queries: Tensor,
    query_labels: Tensor,
    num_prototypes: Sequence[int],
    seed: int = 0,
) -> dict[str, float]:
    """Figures of one arm, all in percent.

    kNN classifies the queries by the bank. Clustering and the tree look at
    the bank alone, without its labels: k-means with one cluster per class,
    and the purity of every level of a tree of prototypes.

    Args:
        bank: (N, D).
        bank_labels: (N,) long.
        queries: (Q, D).
        query_labels: (Q,) long.
        num_prototypes: Of the tree, from fine to coarse.
        seed: Of the clusterings.

    Returns:
        Figure by name, in the order of the columns of a table.
    """
    ks = (10, 20, 100)
    accuracy = knn_accuracy(bank, bank_labels, queries, query_labels, ks)
    tree = hierarchical_kmeans(bank, num_prototypes, seed=seed)
    num_classes = int(bank_labels.max()) + 1
    _, clusters, _ = kmeans(
        F.normalize(bank, dim=1), num_classes, num_restarts=5, seed=seed
    )
    scores = clustering_scores(bank_labels.cpu(), clusters.cpu())
    return {
        **{f'kNN k={k}': value for k, value in accuracy.items()},
        'cluster acc': scores['acc'],
        'NMI': scores['nmi'],
        **{
            f'purity K={num}': purity
            for num, purity in zip(
                num_prototypes,
                tree_purity(tree, bank_labels),
                strict=True,
            )
        },
    }


def markdown_table(arms: Mapping[str, Mapping[str, float]]) -> str:
    """A row per arm, a column per figure, aligned for the eye."""
    columns = list(next(iter(arms.values())))
    rows = [
        [name, *(f'{figures[column]:.1f}' for column in columns)]
        for name, figures in arms.items()
    ]
    return aligned_table(['arm', *columns], rows)


def write_report(
    folder: Path, arms: Mapping[str, Mapping[str, float]], **facts
) -> str:
    """Write ``report.json`` and ``report.md``.

    Args:
        folder: Where to.
        arms: Figures by arm, from :func:`measure_arm`.
        **facts: About the run, such as its seed.

    Returns:
        The table.
    """
    facts = facts | dict(
        date=date.today().isoformat(),
        hirl_mm=__version__,
        torch=torch.__version__,
        machine=f'{platform.machine()}, {os.cpu_count()} CPU cores',
    )
    table = markdown_table(arms)
    notes = '\n'.join(f'- {name}: {value}' for name, value in facts.items())
    with replacing(folder / 'report.json') as temporary:
        report = dict(facts=facts, arms=arms)
        temporary.write_text(json.dumps(report, indent=2) + '\n')
    with replacing(folder / 'report.md') as temporary:
        temporary.write_text(f'{table}\nAll figures in percent.\n{notes}\n')
    return table
