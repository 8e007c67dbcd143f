"""Comparison of the forms of the SPD loss at given sizes."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.common.memory import peak_bytes
from benchmarks.common.timing import (
    CLOCKS,
    interleaved_seconds,
    quartiles,
    ratio,
)
from benchmarks.loss.released import draw_leaves, released_path_loss
from hirl_mm.losses import sample_negative_leaves, semantic_path_loss
from hirl_mm.losses.semantic_path.form import (
    can_run_kernels,
    forms_of_levels,
    takes_kernels,
)
from hirl_mm.structures import PrototypeTree

# A turn of the released formulation takes at least so long.
TURN_SECONDS = 0.05
RELEASED, CHOSEN = 'released', 'chosen'
KERNELS = 'kernels'
BY_ALL, GATHERED, ALL_PATHS = 'by all', 'gathered', 'all paths'
# KERNELS only where they run.
FORMS = (RELEASED, CHOSEN, KERNELS, BY_ALL, GATHERED, ALL_PATHS)
MULTINOMIAL, SHIFT = 'multinomial', 'shift'


@dataclass(frozen=True)
class Row:
    """Sizes of one comparison.

    Attributes:
        batch_size: Number of samples B.
        num_negatives: Negative paths per sample M.
        dim: Dimensions of the embeddings D.
        num_prototypes: Number of prototypes per level, from fine to coarse.
    """

    batch_size: int
    num_negatives: int
    dim: int
    num_prototypes: tuple[int, ...]


_LARGE, _SMALL = (30000, 10000, 1000), (3000, 1000, 100)
GRID = (
    Row(32, 1000, 128, _LARGE),
    Row(256, 1000, 128, _LARGE),
    Row(32, 1000, 2048, _LARGE),
    Row(64, 1000, 2048, _LARGE),
    Row(32, 1000, 128, _SMALL),
    Row(256, 1000, 128, _SMALL),
    Row(32, 100, 128, _LARGE),
    Row(32, 100, 256, _LARGE),
    Row(32, 100, 256, (30000, 10000, 5000)),
    Row(4, 1000, 128, _LARGE),
)
CROSSOVER = tuple(
    Row(batch_size, num_negatives, dim, (factor * num_negatives,))
    for dim in (128, 2048)
    for batch_size in (4, 32)
    for num_negatives in (100, 1000)
    for factor in (4, 8, 16, 32)
    if dim * num_negatives * batch_size <= 128 * 1000 * 64
)
SETS = dict(
    grid=GRID,
    crossover=CROSSOVER,
    small=(Row(4, 5, 8, (12, 4, 2)), Row(2, 3, 8, (400,))),
)


def measure(row: Row, args: Namespace) -> dict:
    """Measure all forms at one row of sizes; return its entry of the JSON.

    A call is the loss and its gradient in the embeddings. All forms but
    "all paths" see the same negatives; drawing them is timed separately.
    Without Triton and a GPU there is no entry of the kernels.
    """
    tree, z, leaf, negatives = _case(row, args.device, args.seed)
    tasks = _tasks(tree, z, leaf, negatives)
    spent = _seconds(tasks, args)
    theirs, ours = tasks[RELEASED](), tasks[CHOSEN]()
    with_draws = ratio(
        _sum(spent[RELEASED], spent[MULTINOMIAL]),
        _sum(spent[CHOSEN], spent[SHIFT]),
    )
    peaks = {
        form: peak_bytes(tasks[form], args.device)
        for form in FORMS
        if form in tasks
    }
    return dict(
        **asdict(row),
        takes_kernels=takes_kernels(tree, negatives),
        by_all=forms_of_levels(tree, negatives),
        seconds={name: quartiles(values) for name, values in spent.items()},
        rounds=spent,
        speedup=ratio(spent[RELEASED], spent[CHOSEN]),
        speedup_with_draws=with_draws,
        peak_bytes=peaks,
        times_leaner=peaks[RELEASED] / peaks[CHOSEN],
        loss_difference=(theirs[0] - ours[0]).abs().item(),
        gradient_difference=max(
            ((b - a).norm() / a.norm()).item()
            for a, b in zip(theirs[1], ours[1], strict=True)
        ),
    )


def _case(
    row: Row, device: str, seed: int
) -> tuple[PrototypeTree, list[Tensor], Tensor, Tensor]:
    generator = torch.Generator(device).manual_seed(seed)
    options = dict(generator=generator, device=device)
    nums = row.num_prototypes
    tree = PrototypeTree(
        [F.normalize(torch.randn(k, row.dim, **options)) for k in nums],
        [
            torch.randint(coarse, (fine,), **options)
            for fine, coarse in zip(nums, nums[1:], strict=False)
        ],
        torch.randint(nums[0], (row.batch_size,), **options),
    )
    z = [
        torch.randn(row.batch_size, row.dim, **options).requires_grad_()
        for _ in nums
    ]
    negatives = sample_negative_leaves(
        tree.leaf, nums[0], row.num_negatives, generator
    )
    return tree, z, tree.leaf, negatives


def _tasks(
    tree: PrototypeTree, z: list[Tensor], leaf: Tensor, negatives: Tensor
) -> dict[str, Callable]:
    def with_gradient(loss: Callable, *args) -> Callable:
        def call() -> tuple[Tensor, tuple[Tensor, ...]]:
            value = loss(z, tree, leaf, *args)
            return value.detach(), torch.autograd.grad(value, z)

        return call

    def ours(paths: Tensor | None, by_all: list[bool] | None) -> Callable:
        return with_gradient(semantic_path_loss, paths, 'official', by_all)

    size = len(leaf), tree.num_prototypes[0], negatives.size(1)
    kernels = {}
    if can_run_kernels(tree):
        from hirl_mm.losses.semantic_path.fused import fused_path_loss

        def fused(z: list[Tensor], *rest) -> Tensor:
            return fused_path_loss(torch.stack(z), *rest, floored=False)

        kernels[KERNELS] = with_gradient(fused, negatives)
    return kernels | {
        RELEASED: with_gradient(released_path_loss, negatives),
        CHOSEN: ours(negatives, None),
        BY_ALL: ours(negatives, [True] * tree.num_levels),
        GATHERED: ours(negatives, [False] * tree.num_levels),
        ALL_PATHS: ours(None, None),
        MULTINOMIAL: lambda: draw_leaves(*size, leaf.device),
        SHIFT: lambda: sample_negative_leaves(leaf, *size[1:]),
    }


def _seconds(
    tasks: dict[str, Callable], args: Namespace
) -> dict[str, list[float]]:
    """Time every task; short tasks get more calls per turn."""
    clock = CLOCKS[args.clock]
    tasks[RELEASED]()
    start = clock()
    tasks[RELEASED]()
    repeats = 1 + int(TURN_SECONDS / max(clock() - start, 1e-5))
    return interleaved_seconds(
        tasks, args.rounds, min(repeats, 50), 1, args.device, clock
    )


def _sum(first: list[float], second: list[float]) -> list[float]:
    return [a + b for a, b in zip(first, second, strict=True)]
