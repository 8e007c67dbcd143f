"""Search the numbers of prototypes and negatives by the held-out loss."""

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from itertools import product
from pathlib import Path

from mmengine.config import Config, DictAction

from hirl_mm.engine.runtime.cfg_options import merge_options
from hirl_mm.files import replacing
from hirl_mm.options import add_trust_option
from hirl_mm.studies.prototype_search import (
    Candidate,
    candidate_configs,
    evaluate_run,
    keep_config,
)
from hirl_mm.studies.search_table import write_search

TOOLS = Path(__file__).resolve().parent


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(','))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Every candidate is trained on all images but the held-out '
        'ones, the same for all, and its last model is given those. The same '
        'command goes on with a search that was stopped. Example, section '
        '5.1.3 of the paper: python tools/search_prototypes.py CONFIG '
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
        help='training images to hold out, a multiple of the batch size of '
        'the config (default: %(default)s)',
    )
    add(
        '--num-prototypes',
        type=numbers,
        nargs='+',
        required=True,
        metavar='M1,M2,...',
        help='prototypes per level, from fine to coarse, of every candidate',
    )
    add(
        '--num-negatives',
        type=int,
        nargs='+',
        required=True,
        metavar='N_NEG',
        help='negative paths; every number goes with all --num-prototypes',
    )
    add('--work-dir', type=Path, required=True, help='folder of the search')
    add(
        '--seed',
        type=int,
        default=0,
        help='of the held-out images, their views and negative paths; the '
        'trainings have that of the config (default: %(default)s)',
    )
    add('--gpus', type=int, help='of tools/dist_train.sh (default: without)')
    add(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override the config, as in tools/train.py',
    )
    add_trust_option(parser)
    return parser.parse_args()


def prepare(args: argparse.Namespace) -> dict[Candidate, Config]:
    """The configs of all candidates, checked and written."""
    cfg = Config.fromfile(args.config)
    merge_options(cfg, args.cfg_options)
    pairs = product(args.num_prototypes, args.num_negatives)
    candidates = [Candidate(*pair) for pair in pairs]
    configs = candidate_configs(cfg, candidates, args.held_out, args.seed)
    for candidate, config in configs.items():
        keep_config(config, args.work_dir / f'{candidate.name}.py')
    return configs


def train(config: Path, folder: Path, gpus: int | None, trust: bool) -> None:
    start = [sys.executable, TOOLS / 'train.py', config]
    if gpus is not None:
        start = ['bash', TOOLS / 'dist_train.sh', config, gpus]
    command = [*start, '--work-dir', folder, '--resume']
    command += ['--trust-checkpoint'] * trust
    status = subprocess.run(
        [str(word) for word in command],
        env={'PYTHON': sys.executable} | os.environ,
    ).returncode
    if status:
        sys.exit(
            f'the training in {folder} failed with exit status {status}, see '
            'above. Mend that, or delete the folder to train it anew, and '
            'give the same command again'
        )


def search(args: argparse.Namespace, configs: dict[Candidate, Config]) -> None:
    facts = dict(config=args.config, held_out=args.held_out, seed=args.seed)
    results, seconds = {}, []
    for number, (candidate, cfg) in enumerate(configs.items(), start=1):
        folder = args.work_dir / candidate.name
        result = folder / 'held_out.json'
        what = f'candidate {number} of {len(configs)}, {candidate.name}'
        print(what + ', done before' * result.exists(), flush=True)
        if not result.exists():
            began = time.monotonic()
            trust = args.trust_checkpoint
            train(folder.with_suffix('.py'), folder, args.gpus, trust)
            losses = evaluate_run(cfg, folder, args.seed, trust)
            with replacing(result) as temporary:
                temporary.write_text(json.dumps(losses))
            seconds.append(time.monotonic() - began)
        losses = json.loads(result.read_text())
        results[candidate.name] = candidate._asdict() | losses
        print(f'\n{write_search(args.work_dir, results, **facts)}')
        left = len(configs) - number
        if left and seconds:
            eta = timedelta(seconds=round(left * sum(seconds) / len(seconds)))
            print(f'{left} candidates left, eta: {eta}', flush=True)


def main() -> None:
    args = parse_args()
    try:
        search(args, prepare(args))
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')


if __name__ == '__main__':
    main()
