"""The protocols that need frozen features alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.clustering import kmeans

from .functional import clustering_scores, knn_accuracy


@dataclass(frozen=True)
class FrozenData:
    """Features and classes of the images to learn from and to classify.

    Args:
        train: (N, C) features, float32 or float16; may be on disk.
        train_labels: (N,) long.
        val: (Q, C) features.
        val_labels: (Q,) long.
        class_names: Names by class.
    """

    train: Tensor
    train_labels: Tensor
    val: Tensor
    val_labels: Tensor
    class_names: Sequence[str]

    @property
    def device(self) -> str:
        """Where to compute."""
        return 'cuda' if torch.cuda.is_available() else 'cpu'


def evaluate_knn(data: FrozenData, ks: Sequence[int]) -> dict[str, float]:
    """Weighted kNN of the validation images by the training images.

    The paper reports the best of k in 10, 20, 100, 200.

    Returns:
        Percent for every k, and of the best.
    """
    accuracy = knn_accuracy(
        data.train,
        data.train_labels,
        data.val.to(data.device),
        data.val_labels,
        ks,
    )
    figures = {f'k={k}': value for k, value in accuracy.items()}
    return figures | {'best k': max(accuracy.values())}


def evaluate_clustering(data: FrozenData, seed: int = 0) -> dict[str, float]:
    """K-means of the validation images, one cluster per class.

    As in the paper: L2-normalised features, 5 restarts, 20 iterations, no
    labels; accuracy under the best matching of clusters and classes.
    """
    clusters = cluster(data.val.to(data.device), len(data.class_names), seed)
    scores = clustering_scores(data.val_labels, clusters)
    names = dict(acc='acc', nmi='NMI', ami='AMI', ari='ARI')
    return {names[key]: value for key, value in scores.items()}


def cluster(features: Tensor, num_clusters: int, seed: int) -> Tensor:
    """(N,) long on the CPU, the cluster of every row."""
    unit = F.normalize(features.float(), dim=1)
    _, clusters, _ = kmeans(unit, num_clusters, num_restarts=5, seed=seed)
    return clusters.cpu()
