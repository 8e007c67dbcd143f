"""Pre-train MoCo v2 and HIRL-MoCo v2 on real images and compare them."""

import argparse
import os
import re
import resource
import shlex
import sys
import time
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import MMLogger

from hirl_mm.studies import PROGRESS, RunFolder, follow_process
from hirl_mm.studies.arm_report import measure_arm, write_arm_report
from hirl_mm.studies.frozen_network import frozen_network

ROOT = Path(__file__).resolve().parents[1]
RECIPE = 'mocov2_resnet18_1xb64-20e_digits'
PLAIN = f'configs/demo/{RECIPE}.py'
HIRL = f'configs/demo/hirl-{RECIPE}.py'
ARMS = {'MoCo v2': PLAIN, 'HIRL-MoCo v2': HIRL}
# Threads that wait for others give up the core after a short time. With the
# default of OpenMP, training is several times slower on a busy machine; on an
# idle machine this setting costs a tenth.
PATIENCE = {'GOMP_SPINCOUNT': '3000'}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Takes about four minutes on two CPU cores.',
    )
    parser.add_argument(
        '--out',
        type=Path,
        default='work_dirs/demo',
        help='folder for the report and the runs (default: %(default)s)',
    )
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='seed of both arms (default: %(default)s)',
    )
    parser.add_argument(
        '--epochs',
        type=int,
        help='epochs of both arms (default: as in the config); HIRL builds '
        'trees from the middle of the training on',
    )
    args = parser.parse_args()
    args.out = args.out.resolve()
    return args


def step(number: int, text: str) -> None:
    print(f'\n[{number}/6] {text}', flush=True)


def tool(*command: str | Path, shown: re.Pattern | None = None) -> None:
    """Run a tool; print its command and the matches in its output."""
    words = [str(word) for word in command]
    print(f'      $ python {shlex.join(words)}', flush=True)
    output = []

    def on_line(line: str) -> None:
        output.append(line)
        if shown and (found := shown.search(line)):
            print(f'      {found[0]}', flush=True)

    env = PATIENCE | os.environ
    if follow_process([sys.executable, *words], on_line, env):
        sys.exit(''.join(output[-40:]) + f'\n{words[0]} failed, see above')


def pretrain(config: str, args: argparse.Namespace) -> Path:
    """Train a config and return its work folder."""
    work_dir = args.out / Path(config).stem
    options = [f'randomness.seed={args.seed}']
    if args.epochs:
        options += [
            f'train_cfg.max_epochs={args.epochs}',
            f'param_scheduler.0.T_max={args.epochs}',
            f'param_scheduler.0.end={args.epochs}',
        ]
    if args.epochs and config == HIRL:
        options.append(f'default_hooks.kmeans.start_epoch={args.epochs // 2}')
    tool(
        *('tools/train.py', config, '--work-dir', work_dir, '--overwrite'),
        *('--cfg-options', *options),
        shown=PROGRESS,
    )
    return work_dir


def evaluate(config: str, checkpoint: str | None, seed: int) -> dict:
    nums = Config.fromfile(HIRL).default_hooks.kmeans.num_prototypes
    network = frozen_network(Config.fromfile(config), checkpoint, seed)
    return measure_arm(*network.features(), nums, seed)


def peak_gigabytes() -> float:
    """Return the peak memory of this process or of one that it started."""
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return max(resource.getrusage(w).ru_maxrss for w in who) / 2**20


def main() -> None:
    args = parse_args()
    os.chdir(ROOT)
    began = time.monotonic()
    MMLogger.get_instance('mmengine', log_level='WARNING')
    step(1, 'real images: the handwritten digits of scikit-learn')
    tool('tools/dataset_converters/digits.py', 'data/digits')

    checkpoints = {}
    for number, (arm, config) in enumerate(ARMS.items(), start=2):
        step(number, f'pre-training {arm}, without labels')
        work_dir = pretrain(config, args)
        checkpoints[arm] = str(RunFolder(work_dir).last_checkpoint())

    step(4, 'evaluating random weights and both arms')
    arms = {'random weights': evaluate(PLAIN, None, args.seed)}
    for arm, checkpoint in checkpoints.items():
        arms[arm] = evaluate(ARMS[arm], checkpoint, args.seed)

    step(5, 'drawing the semantic tree that HIRL learned')
    tool(
        'tools/visualize_tree.py',
        checkpoints['HIRL-MoCo v2'],
        *('--data', 'data/digits/train'),
        *('--out', args.out / 'semantic_tree.png'),
        *('--title', 'What HIRL-MoCo v2 learned of handwritten digits'),
    )

    step(6, f'report, written to {args.out}')
    table = write_arm_report(
        args.out,
        arms,
        seed=args.seed,
        seconds=round(time.monotonic() - began),
        peak_gigabytes=round(peak_gigabytes(), 2),
    )
    print(f'\n{table}\n')
    print(f'semantic tree: {args.out / "semantic_tree.png"}')


if __name__ == '__main__':
    main()
