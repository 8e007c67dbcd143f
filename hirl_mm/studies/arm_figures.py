"""Measure the frozen features of an arm by kNN, clusters and a tree."""

import math
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from hirl_mm.evaluation.functional import (
    clustering_scores,
    knn_accuracy,
    tree_purity,
)

# Numbers of neighbours of kNN.
KS = (10, 20, 100)


def measure_arm(
    gallery: Tensor,
    gallery_labels: Tensor,
    queries: Tensor,
    query_labels: Tensor,
    num_prototypes: Sequence[int],
    seed: int = 0,
) -> dict[str, float]:
    """Measure the features of one arm.

    kNN classifies the queries with the labelled gallery. k-means with one
    cluster per class, and a tree of prototypes, cluster the gallery without
    its labels; the scores compare the clusters with the labels.

    Args:
        gallery: Features (N, D) of labelled images.
        gallery_labels: Classes (N,) of the gallery, long, counted from 0.
        queries: Features (Q, D) of the images to classify.
        query_labels: Classes (Q,) of the queries, long.
        num_prototypes: Number of prototypes per level of the tree, from fine
            to coarse.
        seed: Seed of the clusterings.

    Returns:
        Percentages by name, in the order of the columns of a table. What a
        small gallery does not allow is nan: more neighbours or prototypes
        than images, and as many clusters as images.
    """
    figures = {f'kNN k={k}': math.nan for k in KS}
    ks = [k for k in KS if k <= len(gallery)]
    if ks:
        accuracy = knn_accuracy(
            gallery, gallery_labels, queries, query_labels, ks
        )
        figures |= {f'kNN k={k}': value for k, value in accuracy.items()}
    figures |= {'cluster acc': math.nan, 'NMI': math.nan}
    num_classes = int(gallery_labels.max()) + 1
    if num_classes < len(gallery):
        _, clusters, _ = kmeans(
            F.normalize(gallery, dim=1), num_classes, num_restarts=5, seed=seed
        )
        scores = clustering_scores(gallery_labels.cpu(), clusters.cpu())
        figures |= {'cluster acc': scores['acc'], 'NMI': scores['nmi']}
    purity = [math.nan] * len(num_prototypes)
    if num_prototypes[0] <= len(gallery):
        tree = hierarchical_kmeans(gallery, num_prototypes, seed=seed)
        purity = tree_purity(tree, gallery_labels)
    names = [f'purity K={num}' for num in num_prototypes]
    return figures | dict(zip(names, purity, strict=True))
