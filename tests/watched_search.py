"""A backend of k-means that a test can foretell and that tells what it saw."""


class WatchedSearch:
    """Finds the nearest centroids by plain differences in float64.

    Every row is computed by itself, in whatever block it stands; of equal
    distances the first centroid wins. Sums of whole numbers are exact too, so
    that rows of them give the same bits in any order and over any ranks.

    Attributes:
        gap: Smallest difference of the distances of a row to its two nearest
            centroids, as a share of the larger one plus 1. If it is not tiny,
            then no rounding can change a label.
        had_empty: Whether a centroid was nearest to no row.
    """

    def __init__(self):
        self.gap = float('inf')
        self.had_empty = False

    def __call__(self, features, centroids, precision):
        pairs = zip(features.double().T, centroids.double().T, strict=True)
        squares = [(x[:, None] - c).square() for x, c in pairs]
        distance = sum(squares[1:], squares[0])
        nearest, labels = distance.min(1)
        if len(features) and len(centroids) > 1:
            first, second = distance.topk(2, dim=1, largest=False).values.T
            gap = ((second - first) / (second + 1)).min()
            self.gap = min(self.gap, float(gap))
        self.had_empty |= len(labels.unique()) < len(centroids)
        return labels, nearest.float()
