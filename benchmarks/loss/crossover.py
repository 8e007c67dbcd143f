"""Measure the costs by which the SPD loss chooses its form on a device.

Prints a row of `COSTS` in `hirl_mm/losses/semantic_path/form.py`. Every cost
is the difference between two calls, value and gradient, that differ in one
size, divided by what that size adds. It takes some seconds on a GPU.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_device,
    add_rounds,
    add_seed,
    check_device,
    new_parser,
    parse,
    report,
)
from benchmarks.common.timing import interleaved_seconds, quartiles
from hirl_mm.losses import sample_negative_leaves, semantic_path_loss
from hirl_mm.losses.semantic_path.form import (
    SAMPLES_PER_READING,
    DeviceCosts,
    can_run_kernels,
)
from hirl_mm.structures import PrototypeTree

QUICK = dict(batch_size=4, num_negatives=8, dim=8, num_prototypes=32, rounds=1)
LEAST = dict(batch_size=2, num_negatives=2, dim=16, num_prototypes=8)
BY_ALL, GATHERED, KERNELS = 'by all', 'gathered', 'kernels'
TURNS = 10


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_device(parser)
    add = partial(parser.add_argument, type=int)
    text = ' (default: %(default)s)'
    add('--batch-size', default=256, help='samples B' + text)
    add('--num-negatives', default=1000, help='paths M per sample' + text)
    add('--dim', default=256, help='dimension D' + text)
    add('--num-prototypes', default=10000, help='prototypes K' + text)
    args = parse(parser, QUICK)
    check_device(parser, args)
    return args


def tree_of(sizes: dict, args: argparse.Namespace) -> PrototypeTree:
    """Return a tree of one level, of these sizes, on the device."""
    generator = torch.Generator(args.device).manual_seed(args.seed)
    options = dict(generator=generator, device=args.device)
    num = sizes['num_prototypes']
    return PrototypeTree(
        [F.normalize(torch.randn(num, sizes['dim'], **options))],
        [],
        torch.randint(num, (sizes['batch_size'],), **options),
    )


def call(form: str, sizes: dict, args: argparse.Namespace) -> Callable:
    """Return a call of a form for a tree of one level.

    Args:
        form: ``'by all'``, ``'gathered'`` or ``'kernels'``.
        sizes: Batch size, number of negatives, dimension and number of
            prototypes.
        args: Options of the run.
    """
    tree = tree_of(sizes, args)
    leaf, num = tree.leaf, sizes['num_prototypes']
    z = torch.randn(1, len(leaf), sizes['dim'], device=args.device)
    z.requires_grad_()
    negatives = sample_negative_leaves(leaf, num, sizes['num_negatives'])
    if form != KERNELS:
        loss = partial(
            semantic_path_loss, reduction='paper', by_all=[form == BY_ALL]
        )
    else:
        from hirl_mm.losses.semantic_path.fused import fused_path_loss

        loss = partial(fused_path_loss, floored=True)

    def step() -> Tensor:
        value = loss(z, tree, leaf, negatives)
        return torch.autograd.grad(value, z)[0]

    return step


def measure(args: argparse.Namespace) -> DeviceCosts:
    """Return the costs on the device of the options."""
    base = {name: getattr(args, name) for name in LEAST}
    more_paths = base | dict(num_negatives=2 * args.num_negatives)
    more_prototypes = base | dict(num_prototypes=2 * args.num_prototypes)
    cases = {
        (BY_ALL, 'base'): base,
        (BY_ALL, 'more'): more_prototypes,
        (GATHERED, 'base'): base,
        (GATHERED, 'more'): more_paths,
    }
    kernels = can_run_kernels(tree_of(base, args))
    if kernels:
        cases |= {
            (BY_ALL, 'least'): LEAST,
            (KERNELS, 'least'): LEAST,
            (KERNELS, 'base'): base,
            (KERNELS, 'more'): more_paths,
        }
    tasks = {key: call(key[0], sizes, args) for key, sizes in cases.items()}
    seconds = {
        key: quartiles(found)['median']
        for key, found in interleaved_seconds(
            tasks, args.rounds, TURNS, 3, args.device
        ).items()
    }

    def grows(form: str) -> float:
        return seconds[form, 'more'] - seconds[form, 'base']

    gathered = args.batch_size * args.num_negatives * args.dim
    compared = (
        (args.batch_size + SAMPLES_PER_READING)
        * args.num_prototypes
        * args.dim
    )
    product = grows(BY_ALL) / compared
    crossover = grows(GATHERED) / gathered / product
    if not kernels:
        return DeviceCosts(crossover, 0.0, float('inf'), product)
    launches = seconds[BY_ALL, 'least'] - seconds[KERNELS, 'least']
    return DeviceCosts(crossover, launches, grows(KERNELS) / gathered, product)


def too_small(costs: DeviceCosts) -> bool:
    """Return whether the sizes were too small to measure the costs."""
    return min(costs.crossover, costs.read, costs.product) <= 0


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    machine = describe(args.device)
    costs = measure(args)
    if not costs.read < float('inf'):
        print('the kernels did not run: no Triton, or no GPU', file=sys.stderr)
    if too_small(costs):
        print(
            'a larger size took no longer, so the costs are noise: calls wait '
            'for the host. Raise --batch-size and --num-prototypes',
            file=sys.stderr,
        )
    numbers = ', '.join(f'{value:.2g}' for value in costs)
    row = f'{machine["device"]!r}: DeviceCosts({numbers}),'
    named = dict(zip(type(costs).__annotations__, costs, strict=True))
    report(args, machine, dict(costs=named), row)


if __name__ == '__main__':
    main()
