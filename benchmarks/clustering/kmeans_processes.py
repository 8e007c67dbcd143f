"""k-means spread over gloo processes of one thread each.

One group runs both arms in turns: all processes on a share of the rows each,
and the first process alone on all rows while the others wait at a barrier.
The time of an arm is that of its slowest process. CPU time leaves out the
wait for a core, and also the wait for other processes.
"""

import os
import tempfile
from argparse import Namespace

import torch
import torch.distributed as dist

from benchmarks.clustering.collectives import bytes_reduced, timed
from benchmarks.clustering.features import mixture
from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_rounds,
    add_seed,
    new_parser,
    parse,
    report,
)
from benchmarks.common.tables import aligned_table, with_quartiles
from benchmarks.common.timing import quartiles, ratio
from hirl_mm.clustering import kmeans
from tests.processes import run_processes

QUICK = dict(num=400, clusters=12, dim=8, rounds=1, iters=3)


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add = parser.add_argument
    add('--num', type=int, default=100_000, metavar='N')
    add('--clusters', type=int, default=1000, metavar='K')
    add('--dim', type=int, default=128, metavar='D')
    add('--iters', type=int, default=10)
    add('--world-size', type=int, default=2)
    add('--backend', default='auto')
    args = parse(parser, QUICK)
    if args.world_size < 2:
        parser.error('--world-size must be at least 2')
    return args


def main() -> None:
    args = parse_args()
    machine = describe('cpu')
    with tempfile.TemporaryDirectory() as folder:
        run_processes(work, args.world_size, args, folder)
        ranks = [
            torch.load(f'{folder}/{rank}.pth')
            for rank in range(args.world_size)
        ]
    results = summary(ranks, args)
    results['load_average_after'] = os.getloadavg()
    report(args, machine, results, ddp_table(results))


def work(rank: int, args: Namespace, folder: str) -> None:
    """Time both arms, count bytes, and write all to a file of this rank."""
    features = mixture(args.num, args.dim, args.seed)
    start = features[: args.clusters].clone()
    idx = torch.arange(rank, args.num, args.world_size)
    share = features[idx].contiguous()

    def spread(iters: int = args.iters):
        return _kmeans(share, start, iters, args.backend, idx)

    def alone():
        if rank == 0:
            return _kmeans(features, start, args.iters, args.backend, None)
        return None

    times = dict(alone=[], spread=[])
    spread()
    for index in range(args.rounds):
        order = ['alone', 'spread', 'spread', 'alone']
        for name in order if index % 2 == 0 else order[::-1]:
            times[name].append(timed(dict(alone=alone, spread=spread)[name]))
            dist.barrier()
    traffic = [bytes_reduced(lambda n=n: spread(n)) for n in (1, 2, 3)]
    found = dict(times=times, traffic=traffic, idx=idx, spread=spread())
    if rank == 0:
        found['alone'] = alone()
    torch.save(found, f'{folder}/{rank}.pth')


def _kmeans(features, start, iters: int, backend: str, sample_idx):
    return kmeans(
        features,
        len(start),
        init=start,
        num_iters=iters,
        backend=backend,
        sample_idx=sample_idx,
    )


def summary(ranks: list[dict], args: Namespace) -> dict:
    """Combine the files of all ranks into the entries of the JSON."""
    first = ranks[0]
    seconds = {}
    for clock in ('wall', 'cpu'):
        alone = [t[clock] for t in first['times']['alone']]
        runs = zip(*(rank['times']['spread'] for rank in ranks), strict=True)
        spread = [max(t[clock] for t in run) for run in runs]
        seconds[clock] = dict(
            alone=_per_round(alone), spread=_per_round(spread)
        )
    one, two, three = first['traffic']
    expected = args.clusters * (args.dim + 1) * 4 + 8
    return dict(
        seconds=seconds,
        ratios={
            clock: ratio(arms['spread'], arms['alone'])
            for clock, arms in seconds.items()
        },
        medians={
            clock: {arm: quartiles(v)['median'] for arm, v in arms.items()}
            for clock, arms in seconds.items()
        },
        bytes_per_iteration=[two - one, three - two],
        bytes_expected=expected,
        labels=labels_compared(ranks, args),
    )


def _per_round(seconds: list[float]) -> list[float]:
    return [sum(pair) / 2 for pair in zip(*[iter(seconds)] * 2, strict=True)]


def labels_compared(ranks: list[dict], args: Namespace) -> dict:
    """Compare the labels of both arms.

    Returns:
        ``differ``, the number of rows whose labels differ, ``of``, that of
        all rows, and ``widest_gap``, how far from a tie the former are: the
        largest relative difference of a row's squared distances to its two
        centroids. ``objective_ratio`` is that of the objectives.
    """
    centroids, labels, objective = ranks[0]['alone']
    others = torch.empty_like(labels)
    for rank in ranks:
        others[rank['idx']] = rank['spread'][1]
    rows = mixture(args.num, args.dim, args.seed)
    differ = (labels != others).nonzero()[:, 0]
    near, far = (
        (rows[differ] - centroids[own[differ]]).double().square().sum(1)
        for own in (labels, others)
    )
    gap = (far - near).abs() / near.clamp(min=1e-12)
    return dict(
        differ=len(differ),
        of=len(labels),
        widest_gap=float(gap.max()) if len(gap) else 0.0,
        objective_ratio=ranks[0]['spread'][2] / objective,
    )


def ddp_table(results: dict) -> str:
    """Return a table of the times of both arms on both clocks."""
    rows = [
        (
            clock,
            f'{results["medians"][clock]["alone"]:.2f}',
            f'{results["medians"][clock]["spread"]:.2f}',
            with_quartiles(found),
        )
        for clock, found in results['ratios'].items()
    ]
    head = ('clock', 'one process, s', 'all processes, s', 'ratio')
    labels = results['labels']
    return aligned_table(head, rows, left=1) + (
        f'\nAll-reduced per iteration: {results["bytes_per_iteration"]} '
        f'bytes, expected {results["bytes_expected"]}. Labels that differ: '
        f'{labels["differ"]} of {labels["of"]}, widest gap '
        f'{labels["widest_gap"]:.1e}; objective ratio '
        f'{labels["objective_ratio"]:.8f}. Load average afterwards: '
        f'{results["load_average_after"][0]:.1f}.\n'
    )


if __name__ == '__main__':
    main()
