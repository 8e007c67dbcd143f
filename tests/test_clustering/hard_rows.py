"""Rows and centroids for which low precision takes the wrong centroid."""

import torch
from torch import Tensor


def normal(num: int, dim: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(num, dim, generator=generator)


def opposite(centroids: Tensor) -> Tensor:
    """Make every other centroid the opposite one, so that the mean is 0."""
    num = len(centroids) // 2
    centroids[1 : 2 * num : 2] = -centroids[: 2 * num : 2]
    return centroids


def near_ties(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Centroids in pairs that differ by a few units in the last place."""
    centroids = normal(num_clusters, dim, 1)
    pairs = num_clusters // 2
    factors = 1 + 3e-7 * normal(pairs, dim, 2)
    centroids[pairs : 2 * pairs] = centroids[:pairs] * factors
    which = torch.arange(num) % num_clusters
    return centroids[which] + 0.3 * normal(num, dim, 3), centroids


def duplicates(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Every centroid four times, and rows that are centroids."""
    features = normal(num, dim, 4)
    centroids = normal(-(-num_clusters // 4), dim, 5).repeat(4, 1)
    features[::3] = centroids[torch.arange(len(features[::3])) % num_clusters]
    return features, centroids[:num_clusters]


def bisectors(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Rows half-way between two centroids that are far from all others."""
    centroids = 5 * normal(num_clusters, dim, 6)
    first = torch.arange(num) % num_clusters
    second = (first + num_clusters // 2) % num_clusters
    return (centroids[first] + centroids[second]) / 2, centroids


def offset(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """A common offset a thousand times as large as the differences."""
    features, centroids = near_ties(num, num_clusters, dim)
    return features + 1000, centroids + 1000


def all_norms(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Rows and centroids of norms from 1e-9 to 1e9."""
    features, centroids = normal(num, dim, 7), normal(num_clusters, dim, 8)
    features *= 10 ** torch.linspace(-9, 9, num)[:, None]
    centroids *= 10 ** torch.linspace(9, -9, num_clusters)[:, None]
    return features, opposite(centroids)


def tiny(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Norms whose squares float32 does not hold."""
    return normal(num, dim, 9) * 1e-21, normal(num_clusters, dim, 10) * 1e-21


def denormal(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Coordinates that float32 holds with few bits."""
    return normal(num, dim, 11) * 1e-42, normal(num_clusters, dim, 12) * 1e-42


def huge(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Norms of which float32 just holds the squares."""
    return normal(num, dim, 13) * 1e17, normal(num_clusters, dim, 14) * 1e17


def far_rows(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Rows whose squares overflow in units of the centroids."""
    return normal(num, dim, 15) * 1e17, normal(num_clusters, dim, 16) * 1e-17


def one_point(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """All centroids are the same."""
    centroid = normal(1, dim, 17)
    return normal(num, dim, 18), centroid.repeat(num_clusters, 1)


def coarse(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Many equal distances, and rounding loses nothing."""
    features, centroids = normal(num, dim, 19), normal(num_clusters, dim, 20)
    return features.round(), centroids.round()


def origin(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Rows that are about as far from all centroids: negative scores."""
    centroids = torch.nn.functional.normalize(normal(num_clusters, dim, 23))
    return 1e-4 * normal(num, dim, 24), opposite(centroids)


def plain(num: int, num_clusters: int, dim: int) -> tuple[Tensor, Tensor]:
    """Nothing is hard."""
    return normal(num, dim, 21), normal(num_clusters, dim, 22)


HARD = [
    *(plain, near_ties, duplicates, bisectors, offset, all_norms, tiny),
    *(denormal, huge, far_rows, one_point, coarse, origin),
]
