# Comparing with one prototype of all costs as much as with 1 / 26 of one that
# is gathered, and reading all of them as much as 8 samples more. Fitted to the
# forms of `path_cosines`, forward and backward, on a thread of an Intel Xeon
# with AVX-512, PyTorch 2.12, at B = 2 ... 128, M = 100 and 1000, D = 128 to
# 2048. The measured borders of K lie at 0.5 to 2 times this one, and at up to
# 5 times for 100 negatives of 2 or 4 samples; see benchmarks/README.md.
CPU_CROSSOVER = 26
# From the rates of an H200 in float32; not measured.
GPU_CROSSOVER = 80
SAMPLES_PER_READING = 8


def compares_with_all(
    num_samples: int,
    num_negatives: int,
    num_prototypes: int,
    device_type: str,
) -> bool:
    """Decide whether to compare samples with all prototypes of a level.

    The prototypes of the paths are gathered from all similarities then, and
    before the comparison otherwise. The first costs (B + 8) K, the second
    B M times the crossover.

    Args:
        num_samples: Number of samples B.
        num_negatives: Number of negative paths M per sample.
        num_prototypes: Number of prototypes K of the level.
        device_type: Type of the device, such as ``'cpu'``.

    Example:
        >>> [compares_with_all(32, 1000, k, 'cpu') for k in (30000, 10000)]
        [False, True]
    """
    crossover = CPU_CROSSOVER if device_type == 'cpu' else GPU_CROSSOVER
    of_all = (num_samples + SAMPLES_PER_READING) * num_prototypes
    return of_all < crossover * num_samples * num_negatives
