# Cost model: a cosine to a gathered prototype takes 26 times as long as one in
# the product with all prototypes, and reading all prototypes takes as long as
# 8 further samples. Fitted to forward and backward of the functions in
# `cosines.py` on one thread of an Intel Xeon with AVX-512, PyTorch 2.12, for
# B = 2 ... 128, M = 100 and 1000, D = 128 to 2048. The measured K at which
# both are equally fast is 0.5 to 2 times the modelled one, and up to 5 times
# for 100 negatives and 2 or 4 samples; see benchmarks/README.md.
CPU_CROSSOVER = 26
# Computed from the peak rates of an H200 in float32; not measured.
GPU_CROSSOVER = 80
SAMPLES_PER_READING = 8


def compares_with_all(
    num_samples: int,
    num_negatives: int,
    num_prototypes: int,
    device_type: str,
) -> bool:
    """Return whether it is faster to compare with all prototypes of a level.

    If True, cosines to all prototypes are computed and those of the paths
    gathered, at a cost of (B + 8) K. If False, the prototypes of the paths
    are gathered first, at a cost of B M times the crossover.

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
