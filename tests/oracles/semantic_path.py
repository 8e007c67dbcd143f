"""Eq. 2 and 3 of HIRL, one scalar at a time, in float64."""

import math

import torch


def path_loss(cosines_positive, cosines_negative, reduction):
    """The loss of one sample from cosines (L,) and (M, L), as tensors."""
    if reduction == 'paper':
        attract = -torch.log(_similarity(cosines_positive))
        repel = [-torch.log(1 - _similarity(c)) for c in cosines_negative]
        return attract + sum(repel) / len(repel)
    eps = 1e-6
    attract = -torch.log(_similarity(cosines_positive) + eps)
    repel = [-torch.log(1 - _similarity(c) + eps) for c in cosines_negative]
    return (attract + sum(repel) / (len(repel) + eps)) / 2


def batch_loss(embeddings, centroids, parents, leaf, negatives, reduction):
    """The mean over samples, with a loop over samples, paths and levels."""
    total = 0.0
    for i, positive in enumerate(leaf.tolist()):
        if negatives is None:
            others = range(len(centroids[0]))
        else:
            others = negatives[i].tolist()
        paths = [
            path_of(other, parents) for other in others if other != positive
        ]
        total = total + path_loss(
            _cosines(embeddings, i, path_of(positive, parents), centroids),
            [_cosines(embeddings, i, path, centroids) for path in paths],
            reduction,
        )
    return total / len(leaf)


def path_of(leaf, parents):
    path = [leaf]
    for parent in parents:
        path.append(int(parent[path[-1]]))
    return path


def _cosines(embeddings, sample, path, centroids):
    cosines = []
    for level, prototype in enumerate(path):
        z = embeddings[level][sample]
        c = centroids[level][prototype]
        norms = math.sqrt(float(c @ c)) * (z @ z).sqrt()
        cosines.append((z @ c) / norms)
    return torch.stack(cosines)


def _similarity(cosines):
    product = 1.0
    for cosine in cosines:
        product = product * (1 + cosine) / 2
    return product
