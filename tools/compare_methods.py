"""Pre-train several methods with the same seeds and compare them in pairs.

Every method trains with every seed, on the same images and for the same
number of epochs. Then its features are measured by kNN, clustering and the
purity of a tree of prototypes, beside those of random weights.
"""

import argparse
import shlex
import sys
from functools import partial
from pathlib import Path

from mmengine.config import Config

from hirl_mm.options import add_config_options
from hirl_mm.studies import PROGRESS, TrainingError, train_runs
from hirl_mm.studies.methods import (
    RANDOM,
    check_pairs,
    measure_network,
    measure_run,
    plan_methods,
    write_methods_report,
)
from hirl_mm.studies.sweep import parse_arms


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='To continue, run the same command again: finished runs are '
        'skipped and stopped ones resumed. Example: python '
        'tools/compare_methods.py --arms SimSiam=CONFIG HCCL=CONFIG --seeds 0 '
        '1 2 --epochs 20 --difference HCCL SimSiam --work-dir '
        'work_dirs/methods',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        '--arms',
        nargs='+',
        required=True,
        metavar='NAME=CONFIG',
        help='methods to compare: a name and a pre-training config of each, '
        'with knn_gallery and knn_queries',
    )
    add(
        '--seeds',
        type=int,
        nargs='+',
        default=[0, 1, 2],
        help='seeds of the trainings of every method (default: 0 1 2)',
    )
    add(
        '--epochs',
        type=int,
        help='how often all methods see the images, to which their schedules '
        'are stretched; a method with several images per anchor has fewer '
        'epochs (default: as in the configs, which have to be equal)',
    )
    add(
        '--difference',
        nargs=2,
        action='append',
        metavar=('NAME', 'BASELINE'),
        help='also show the first method minus the second, seed by seed; '
        'repeat for several (default: every method minus the first one)',
    )
    add(
        '--num-prototypes',
        type=int,
        nargs='+',
        default=[60, 20, 10],
        help='prototypes per level of the tree whose purity is measured, from '
        'fine to coarse (default: 60 20 10)',
    )
    add(
        '--stages',
        type=int,
        nargs='+',
        default=[],
        help='also measure these stages of a ResNet by kNN with 20 '
        'neighbours, such as 2 3 4 for layer2, layer3 and layer4',
    )
    add(
        '--work-dir',
        type=Path,
        required=True,
        help='folder for the runs, methods.md and methods.json',
    )
    add(
        '--gpus',
        type=int,
        default=1,
        help='number of processes per training (default: %(default)s)',
    )
    add_config_options(parser)
    return parser.parse_args()


def compare(args: argparse.Namespace) -> str:
    arms = parse_arms(args.arms, 'CONFIG')
    first, *others = arms
    pairs = args.difference or [(other, first) for other in others]
    check_pairs(pairs, list(arms))
    runs = plan_methods(
        arms,
        args.seeds,
        args.work_dir,
        args.num_prototypes,
        args.epochs,
        args.cfg_options,
        args.stages,
    )
    untrained = Config.fromfile(runs[0].config)
    report = partial(
        write_methods_report,
        args.work_dir,
        pairs=pairs,
        epochs=untrained.train_cfg.max_epochs,
        command=shlex.join(sys.argv),
    )
    results = train_runs(
        runs,
        partial(
            measure_run,
            num_prototypes=args.num_prototypes,
            stages=args.stages,
        ),
        gpus=args.gpus,
        shown=PROGRESS,
        log=partial(print, flush=True),
        on_result=report,
    )
    random = {
        (RANDOM, seed): measure_network(
            untrained, None, args.num_prototypes, seed, args.stages
        )
        for seed in args.seeds
    }
    return report(random | dict(results))


def main() -> None:
    args = parse_args()
    try:
        table = compare(args)
    except (OSError, TrainingError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')
    print(f'\n{table}\nwritten to {args.work_dir}')


if __name__ == '__main__':
    main()
