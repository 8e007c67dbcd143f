"""Which form of the loss is the fastest on a device."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hirl_mm.stack.triton_support import has_triton, interprets
from hirl_mm.structures import PrototypeTree

from .fused_tiling import fits_kernels


class DeviceCosts(NamedTuple):
    """What the forms of the loss cost on a device.

    Attributes:
        crossover: Time of a cosine to a gathered prototype, relative to one
            in the product with all prototypes of a level.
        launches: Seconds that a call takes longer by the forms of PyTorch
            operators than by the fused kernels, because of their number.
        read: Seconds that the fused kernels take per coordinate of the
            prototypes that they read, B M L D in all.
        product: Seconds that value and gradient take per sample and
            coordinate of all prototypes, B K D for a level.
    """

    crossover: float
    launches: float
    read: float
    product: float


# The kernels take a tuple of pointers, and compile with 3.3.1, 3.6 and 3.7.
_LEAST_TRITON = '3.3'
# The one place with numbers of devices. `python -m benchmarks.loss.crossover`
# measures a row and prints it. A GPU without a row of its own, under the name
# that PyTorch gives it, takes that of 'cuda'.
#
# cpu: fitted to forward and backward of the functions in `cosines.py` on one
# thread of an Intel Xeon with AVX-512, PyTorch 2.12, for B = 2 ... 128,
# M = 100 and 1000, D = 128 to 2048. The measured K at which both forms are
# equally fast is 0.5 to 2 times the modelled one, and up to 5 times for 100
# negatives and 2 or 4 samples; see benchmarks/README.md. It has no kernels.
#
# cuda: launches were measured on an H200 (2.6 to 3.3 ms per call; 1.6 ms in a
# later run). The others are computed from its peak rates, half of 4.8 TB/s and
# three quarters of 67 TFLOP/s: at the sizes of the benchmark a call waits for
# the host, and the differences that would measure them are noise. The kernels
# were the fastest form in all ten rows of sizes measured there.
COSTS = {
    'cpu': DeviceCosts(26, 0.0, float('inf'), 0.0),
    'cuda': DeviceCosts(80, 2.5e-3, 1.7e-12, 8e-14),
}
# Reading all prototypes takes as long as this number of further samples.
SAMPLES_PER_READING = 8


@torch.compiler.assume_constant_result
def costs_of(device: torch.device) -> DeviceCosts:
    """Return the costs on a device; a GPU if Triton's interpreter is one."""
    if interprets():
        return COSTS['cuda']
    if device.type == 'cuda' and torch.cuda.is_available():
        name = torch.cuda.get_device_name(device)
        return COSTS.get(name, COSTS['cuda'])
    return COSTS.get(device.type, COSTS['cuda'])


def can_run_kernels(tree: PrototypeTree) -> bool:
    """Return whether the fused kernels run on the tree's device and sizes."""
    return has_triton(tree.device, _LEAST_TRITON) and fits_kernels(tree)


def takes_kernels(tree: PrototypeTree, negatives: Tensor) -> bool:
    """Return whether the fused kernels can run and are the fastest form.

    Args:
        tree: Tree of prototypes.
        negatives: (B, M) long, leaves of the negative paths.
    """
    num_samples, num_negatives = negatives.shape
    return can_run_kernels(tree) and kernels_are_faster(
        num_samples,
        num_negatives,
        tree.centroids[0].size(1),
        tree.num_prototypes,
        costs_of(negatives.device),
    )


def forms_of_levels(tree: PrototypeTree, negatives: Tensor) -> list[bool]:
    """Return for every level whether to compare with all its prototypes.

    Arguments are those of :func:`takes_kernels`.
    """
    num_samples, num_negatives = negatives.shape
    crossover = costs_of(negatives.device).crossover
    return [
        compares_with_all(num_samples, num_negatives, num, crossover)
        for num in tree.num_prototypes
    ]


def compares_with_all(
    num_samples: int,
    num_negatives: int,
    num_prototypes: int,
    crossover: float,
) -> bool:
    """Return whether it is faster to compare with all prototypes of a level.

    If True, cosines to all prototypes are computed and those of the paths
    gathered, at a cost of (B + 8) K. If False, the prototypes of the paths
    are gathered first, at a cost of B M times the crossover.

    Args:
        num_samples: Number of samples B.
        num_negatives: Number of negative paths M per sample.
        num_prototypes: Number of prototypes K of the level.
        crossover: That of :class:`DeviceCosts`.

    Example:
        >>> [compares_with_all(32, 1000, k, 26) for k in (30000, 10000)]
        [False, True]
    """
    of_all = (num_samples + SAMPLES_PER_READING) * num_prototypes
    return of_all < crossover * num_samples * num_negatives


def kernels_are_faster(
    num_samples: int,
    num_negatives: int,
    dim: int,
    num_prototypes: Sequence[int],
    costs: DeviceCosts,
) -> bool:
    """Return whether the fused kernels are faster than PyTorch's operators.

    They win by the launches that they save, and lose if a sample has so many
    negatives that products with all prototypes, at the rate of a matrix
    product, take less time than reading those of the paths.

    Args:
        num_samples: Number of samples B.
        num_negatives: Number of negative paths M per sample.
        dim: Dimension D of the embeddings.
        num_prototypes: Number of prototypes of every level.
        costs: Costs on the device.

    Example:
        >>> costs = DeviceCosts(80, 1e-3, 1e-12, 1e-13)
        >>> [kernels_are_faster(64, m, 256, [9000], costs)
        ...  for m in (1000, 100_000)]
        [True, False]
    """
    rows = num_samples * num_negatives * len(num_prototypes)
    samples = num_samples + SAMPLES_PER_READING
    of_all = samples * sum(num_prototypes) * dim * costs.product
    return rows * dim * costs.read < costs.launches + of_all
