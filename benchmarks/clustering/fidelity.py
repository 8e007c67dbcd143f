"""Effect of every shortcut in hierarchical k-means on the tree.

Every seed gives a `faithful` tree (20 iterations, 5 restarts, fp32, cold) and
one tree per option. An option is compared with the faithful tree of its own
seed and with that of the next seed. Two faithful trees of different seeds
differ as well; an option that differs no more than they do costs nothing.
"""

import sys
from argparse import Namespace

import torch
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from torch import Tensor

from benchmarks.clustering.features import digits, drifted, from_file, mixture
from benchmarks.clustering.fidelity_table import fidelity_table
from benchmarks.clustering.tf32 import assign_emulated
from benchmarks.common.machine import describe
from benchmarks.common.options import add_seed, new_parser, parse, report
from benchmarks.common.threads import threads
from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.structures import PrototypeTree

SETS = 'synthetic', 'digits'
QUICK = dict(num=200, dim=8, prototypes=[12, 4, 2], seeds=2, iters=3)
_ROWS_PER_LEAF = 43  # on ImageNet, with the paper's 30000 leaves


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add = parser.add_argument
    add(
        '--features',
        nargs='+',
        default=list(SETS),
        help=f'{", ".join(SETS)}, or .pt or .npz files of (N, D) each '
        '(default: %(default)s)',
    )
    add('--num', type=int, default=20_000, help='number of synthetic rows')
    add('--dim', type=int, default=128, help='dimension of synthetic rows')
    add(
        '--prototypes',
        type=int,
        nargs='+',
        help='prototypes per level (default: N / '
        f'{_ROWS_PER_LEAF}, a third and a 30th of it)',
    )
    add('--seeds', type=int, default=5)
    add('--iters', type=int, default=20)
    add('--restarts', type=int, default=5)
    add('--tol', type=float, default=1e-3)
    add(
        '--cosine',
        type=float,
        default=0.95,
        help='drift before warm, as a mean cosine',
    )
    args = parse(parser, QUICK)
    if args.seeds < 2:
        parser.error('--seeds must be at least 2, for the natural spread')
    return args


def main() -> None:
    args = parse_args()
    machine, found = describe('cpu'), {}
    with threads(1):
        for name in args.features:
            features = features_of(name, args)
            nums = args.prototypes or _proportions(len(features))
            print(f'{name}, K = {nums} ...', file=sys.stderr, flush=True)
            found[name] = compare(features, nums, args)
    texts = [f'{name}\n\n{fidelity_table(s)}' for name, s in found.items()]
    report(args, machine, dict(features=found), *texts)


def features_of(name: str, args: Namespace) -> Tensor:
    """Return features (N, D) of a set's name or a file."""
    if name == 'synthetic':
        return mixture(args.num, args.dim, args.seed)
    return digits() if name == 'digits' else from_file(name)


def _proportions(num: int) -> list[int]:
    leaves = num // _ROWS_PER_LEAF
    return [leaves, leaves // 3, max(1, leaves // 30)]


def options(args: Namespace, num_levels: int) -> dict[str, dict]:
    """Return what each option changes in the faithful arguments."""
    few = (1, *(args.restarts,) * (num_levels - 1))
    return {
        f'restarts {few}': dict(num_restarts=few),
        f'tol {args.tol}': dict(tol=args.tol),
        'both': dict(num_restarts=few, tol=args.tol),
        'tf32, emulated': dict(precision='tf32'),
        'bf16': dict(precision='bf16'),
    }


def compare(features: Tensor, nums: list[int], args: Namespace) -> dict:
    """Build and compare the trees of all seeds; return the JSON entry."""
    trees = {}
    # Levels are seeded with seed + level; seeds far apart share no draw.
    for seed in range(args.seed, args.seed + 100 * args.seeds, 100):
        print(f'seed {seed} ...', file=sys.stderr, flush=True)
        for name, tree in trees_of(features, nums, seed, args).items():
            trees.setdefault(name, []).append(tree)
    faithful = trees['faithful']
    others = faithful[1:] + faithful[:1]
    found = {
        name: dict(
            same_seed=_against(made, faithful),
            other_seed=_against(made, others),
            empty=[[level['empty'] for level in t.summary()] for t in made],
        )
        for name, made in trees.items()
    }
    return dict(
        num=len(features),
        dim=features.size(1),
        prototypes=nums,
        objectives=[tree.objective for tree in faithful],
        options=found,
    )


def trees_of(
    features: Tensor, nums: list[int], seed: int, args: Namespace
) -> dict[str, PrototypeTree]:
    """Build the faithful tree of a seed and one per option."""
    base = dict(num_iters=args.iters, num_restarts=args.restarts)

    def cluster(rows: Tensor, seed: int, **changed) -> PrototypeTree:
        return hierarchical_kmeans(
            rows, nums, seed=seed, backend=assign_emulated, **base | changed
        )

    before = cluster(drifted(features, args.cosine, seed + 1), seed + 50)
    changes = dict(faithful={}) | options(args, len(nums))
    changes[f'warm, tol {args.tol}'] = dict(start=before, tol=args.tol)
    return {
        name: cluster(features, seed, **changed)
        for name, changed in changes.items()
    }


def _against(
    trees: list[PrototypeTree], others: list[PrototypeTree]
) -> list[dict]:
    """Return the measures of each pair of trees, as lists over the levels."""
    found = []
    for tree, other in zip(trees, others, strict=True):
        idx = torch.arange(len(tree.leaf))
        labels = [t.sample_paths(idx).T.numpy() for t in (tree, other)]
        pairs = list(zip(*labels, strict=True))
        ours, theirs = tree.objective, other.objective
        found.append(
            dict(
                objective=[a / b for a, b in zip(ours, theirs, strict=True)],
                ari=[float(adjusted_rand_score(*p)) for p in pairs],
                nmi=[float(normalized_mutual_info_score(*p)) for p in pairs],
            )
        )
    return found


if __name__ == '__main__':
    main()
