"""Pre-train several methods with the same seeds and compare them in pairs.

Every method trains with every seed, on the same images and for the same
number of epochs, beside random weights. Then the frozen features are measured
by kNN, clustering, the purity of a tree of prototypes and logistic
regression. It is a study as tools/study.py makes them from a file.
"""

import argparse
import shlex
import sys
from functools import partial

from hirl_mm.options import (
    ToolParser,
    add_config_options,
    add_study_options,
    run_tool,
)


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='To continue, run the same command again: finished runs are '
        'kept and stopped ones resumed. A run that fails is told and does '
        'not stop the others; the exit status is 1 then. Example: python '
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
        'epochs (default: as in the configs, which have to be equal for '
        'methods that are subtracted)',
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
        '--gpus',
        type=int,
        default=1,
        help='number of processes per training (default: %(default)s)',
    )
    add_study_options(parser)
    add_config_options(parser)
    return parser.parse_args()


def main(args: argparse.Namespace) -> int:
    from hirl_mm.studies.grid import conduct_studies, methods_study
    from hirl_mm.studies.sweep import parse_arms

    study = methods_study(
        parse_arms(args.arms, 'CONFIG'),
        args.seeds,
        args.difference,
        args.cfg_options,
        epochs=args.epochs,
        num_prototypes=args.num_prototypes,
        stages=args.stages,
        gpus=args.gpus,
    )
    progress = conduct_studies(
        study,
        args.work_dir,
        results=args.results,
        hours=args.hours,
        jobs=args.jobs,
        only_list=args.list,
        command=shlex.join(sys.argv),
        log=partial(print, flush=True),
    )
    return 1 if progress.failed else 0


if __name__ == '__main__':
    run_tool(parse_args, main)
