"""How time and memory of hierarchical k-means grow with its sizes."""

from argparse import Namespace
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.clustering.features import mixture
from benchmarks.common.memory import peak_bytes
from benchmarks.common.timing import interleaved_seconds, quartiles
from hirl_mm.clustering import hierarchical_kmeans

_FLOAT = 4  # bytes


def levels(num: int) -> tuple[int, ...]:
    """Return K, K / 3 and K / 30, the proportions of the paper's trees."""
    return num, num // 3, max(1, num // 30)


def time_laws(args: Namespace, clock: Callable) -> dict:
    """Time k-means while one of N, K and D grows and the others stay.

    A run has one restart and few iterations, which split its time into parts
    as a long run does.

    Returns:
        Per ``'N'``, ``'K'`` and ``'D'`` the sizes, their seconds and the
        exponent of the growth.
    """
    num, clusters, dim = args.law_sizes
    factors = args.law_factors
    laws = dict(
        N=[(num * f, clusters, dim) for f in factors],
        K=[(num, clusters * f, dim) for f in factors],
        D=[(num, clusters, dim * f) for f in factors],
    )
    sizes = dict.fromkeys(size for law in laws.values() for size in law)
    tasks = {size: _task(*size, args) for size in sizes}
    seconds = interleaved_seconds(tasks, args.rounds, 1, 1, 'cpu', clock)
    found = {}
    for name, law in laws.items():
        medians = [quartiles(seconds[size])['median'] for size in law]
        found[name] = dict(
            sizes=law,
            seconds=medians,
            rounds=[seconds[size] for size in law],
            exponent=exponent(factors, medians),
        )
    return found


def _task(num: int, clusters: int, dim: int, args: Namespace) -> Callable:
    features = mixture(num, dim, args.seed)

    def task():
        hierarchical_kmeans(
            features,
            levels(clusters),
            num_iters=args.law_iters,
            num_restarts=1,
            seed=args.seed,
            backend=args.backend,
        )

    return task


def memory_law(args: Namespace) -> dict:
    """Measure peak memory at several N and K, without the given features.

    What is left of them after the unit rows of the features, N x D, is
    fitted by ``a + b N + c K + e N K``; an N x K matrix would show as an
    ``e`` of 4 bytes.
    """
    num, clusters, dim = args.law_sizes
    rows = []
    for many in args.law_factors:
        for more in args.law_factors:
            size = num * many, clusters * more, dim
            peak = peak_bytes(_task(*size, args), 'cpu')
            rest = peak - size[0] * dim * _FLOAT
            pairs = size[0] * size[1] * _FLOAT
            rows.append(
                dict(size=size, peak=peak, rest=rest, n_by_k_matrix=pairs)
            )
    pairs = [row['size'][:2] for row in rows]
    return dict(sizes=rows, fit=growth(pairs, [row['rest'] for row in rows]))


def exponent(factors: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the slope of a line through the logarithms."""
    return float(np.polyfit(np.log(factors), np.log(seconds), 1)[0])


def growth(
    sizes: Sequence[tuple[int, int]], rest: Sequence[int]
) -> dict[str, float]:
    """Fit a, b, c and e of ``a + b N + c K + e N K`` by least squares.

    Args:
        sizes: N and K of every measurement.
        rest: Bytes of every measurement.
    """
    n, k = np.array(sizes, dtype=float).T
    design = np.stack([np.ones_like(n), n, k, n * k], axis=1)
    # Columns of one size each, for the solution's sake.
    scale = design.max(axis=0)
    fit = np.linalg.lstsq(design / scale, np.array(rest), rcond=None)[0]
    names = 'constant', 'per_row', 'per_centroid', 'per_pair'
    return dict(zip(names, map(float, fit / scale), strict=True))
