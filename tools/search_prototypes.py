"""Search the numbers of prototypes and negatives with the held-out loss."""

import argparse
import shlex
import sys
from functools import partial
from itertools import product
from pathlib import Path

from hirl_mm.engine.runtime.cfg_options import merge_options
from hirl_mm.engine.runtime.config_file import read_config
from hirl_mm.options import (
    ToolParser,
    add_config_options,
    add_trust_option,
    run_tool,
)
from hirl_mm.studies import PROGRESS, StudyRun, train_runs
from hirl_mm.studies.search import (
    Candidate,
    candidate_configs,
    evaluate_run,
    plan_search,
    write_search_report,
)


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(','))


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Trains every candidate without the held-out images, which '
        'are the same for all candidates, and computes the loss of its last '
        'checkpoint on them. To continue a stopped search, run the same '
        'command again. Example, section 5.1.3 of the paper: '
        'python tools/search_prototypes.py CONFIG '
        '--held-out 8000 --num-prototypes 30000,10000,1000 30000,10000,5000 '
        '--num-negatives 100 1000 --gpus 8 --work-dir work_dirs/search',
    )
    add = parser.add_argument
    add('config', help='config of a training with HIRL')
    add(
        '--held-out',
        type=int,
        default=8000,
        metavar='N',
        help='number of training images to hold out, a multiple of the '
        'batch size of the config (default: %(default)s)',
    )
    add(
        '--num-prototypes',
        type=numbers,
        nargs='+',
        required=True,
        metavar='M1,M2,...',
        help='numbers of prototypes to try; each is a list of the numbers '
        'per level, from fine to coarse',
    )
    add(
        '--num-negatives',
        type=int,
        nargs='+',
        required=True,
        metavar='N_NEG',
        help='numbers of negative paths to try; each is combined with all '
        '--num-prototypes',
    )
    add('--work-dir', type=Path, required=True, help='folder of the search')
    add(
        '--seed',
        type=int,
        default=0,
        help='seed of the held-out images, their views and negative paths; '
        'the trainings use the seed of the config (default: %(default)s)',
    )
    add(
        '--gpus',
        type=int,
        default=1,
        help='number of processes per training (default: %(default)s)',
    )
    add_config_options(parser)
    add_trust_option(parser)
    return parser.parse_args()


def search(args: argparse.Namespace) -> str:
    cfg = read_config(args.config)
    merge_options(cfg, args.cfg_options)
    pairs = product(args.num_prototypes, args.num_negatives)
    candidates = [Candidate(*pair) for pair in pairs]
    configs = candidate_configs(cfg, candidates, args.held_out, args.seed)
    runs = plan_search(configs, args.work_dir, args.seed)

    def measure(run: StudyRun) -> dict[str, float]:
        return evaluate_run(
            configs[run.key], run.folder, args.seed, args.trust_checkpoint
        )

    report = partial(
        write_search_report,
        args.work_dir,
        config=args.config,
        held_out=args.held_out,
        seed=args.seed,
        command=shlex.join(sys.argv),
    )
    results = train_runs(
        runs,
        measure,
        gpus=args.gpus,
        arguments=['--trust-checkpoint'] * args.trust_checkpoint,
        shown=PROGRESS,
        log=partial(print, flush=True),
        on_result=report,
    )
    return report(results)


def main(args: argparse.Namespace) -> None:
    table = search(args)
    print(f'\n{table}\nwritten to {args.work_dir}')


if __name__ == '__main__':
    run_tool(parse_args, main)
