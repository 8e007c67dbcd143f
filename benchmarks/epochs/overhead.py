"""Time that HIRL adds to an epoch, in every mode of its clustering.

MoCo v2 with a ResNet-18 trains on textured shapes in real Runners, without
and with HIRL. A round is one epoch of every arm. The arms take turns after
every few steps, back and forth, so that other load on the machine slows all
arms equally. The first epoch of every arm, in which the bank is filled and
there is no tree, is not counted.
"""

import sys
import tempfile
from argparse import Namespace
from pathlib import Path

import torch

from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_clock,
    add_rounds,
    add_seed,
    new_parser,
    parse,
    report,
)
from benchmarks.common.threads import threads
from benchmarks.common.timing import CLOCKS
from benchmarks.epochs.demo_runs import demo_config
from benchmarks.epochs.overhead_results import (
    PLAIN,
    overhead_table,
    summarise,
)
from benchmarks.epochs.sliced import EpochArm
from hirl_mm.datasets.toy import write_shapes
from hirl_mm.engine.trees.mode import MODES

NUM_CLASSES = 36
QUICK = dict(
    images_per_class=8,
    width=4,
    prototypes=[12, 4, 2],
    rounds=1,
    negatives=20,
    slice=1,
)


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add = parser.add_argument
    add('--modes', nargs='+', choices=list(MODES), default=list(MODES))
    add(
        '--images-per-class',
        type=int,
        default=290,
        help=f'images of {NUM_CLASSES} classes (default: %(default)s)',
    )
    add('--data', help='folder for the images (default: a temporary one)')
    add('--image-size', type=int, default=32, help='pixels (%(default)s)')
    add('--width', type=int, default=64, help='channels of stage 1')
    add('--negatives', type=int, default=1000, help='paths per image')
    add(
        '--prototypes',
        type=int,
        nargs='+',
        default=[240, 80, 8],
        help='prototypes per level (default: %(default)s, with as many '
        'images per leaf as on ImageNet)',
    )
    add('--slice', type=int, default=4, help='steps of a turn (%(default)s)')
    add('--threads', type=int, default=1, help='threads of PyTorch')
    args = parse(parser, QUICK)
    if args.clock == 'process' and torch.cuda.is_available():
        parser.error('--clock process measures a CPU alone')
    return args


def main() -> None:
    args = parse_args()
    machine = describe('cuda' if torch.cuda.is_available() else 'cpu')
    with tempfile.TemporaryDirectory() as folder, threads(args.threads):
        data = write_shapes(
            Path(args.data or Path(folder) / 'shapes'),
            num_train_per_class=args.images_per_class,
            num_val_per_class=1,
        )
        arms = {
            name: build_arm(name, data, Path(folder) / name, args)
            for name in (PLAIN, *args.modes)
        }
        rounds = measure(arms, args.rounds, args.slice)
    results = summarise(rounds)
    report(args, machine, results, overhead_table(results))


def build_arm(
    name: str, data: Path, work_dir: Path, args: Namespace
) -> EpochArm:
    """Build a run of the demo's recipe on the shapes, with a wider network.

    Args:
        name: ``'plain'`` or a mode of the clustering hook.
        data: Folder of the shapes.
        work_dir: Folder into which the run writes.
        args: Options of the benchmark.
    """
    cfg = demo_config(name, data, work_dir, args.seed)
    del cfg.default_hooks.knn_probe
    cfg.train_cfg.max_epochs = 10**4
    width = args.width
    cfg.model.backbone.update(base_channels=width, stem_channels=width)
    cfg.model.neck.update(in_channels=8 * width, hid_channels=8 * width)
    cfg.model.queue_len = 4096
    views = cfg.train_dataloader.dataset.pipeline[1]
    views.transforms[0][0].scale = args.image_size
    if name != PLAIN:
        hook = cfg.default_hooks.kmeans
        hook.update(num_prototypes=tuple(args.prototypes), start_epoch=1)
        resize = dict(type='ResizeEdge', scale=args.image_size, edge='short')
        hook.pipeline.insert(1, resize)
        cfg.model.spd_head.num_negatives = args.negatives
    return EpochArm(cfg, CLOCKS[args.clock])


def measure(
    arms: dict[str, EpochArm], rounds: int, num_steps: int
) -> list[dict]:
    """Train all arms in turns, after a first epoch that does not count.

    Returns:
        One dict per round: ``stages``, the seconds before the first step by
        arm, and ``slices``, the seconds of every turn by arm.
    """
    for name, arm in arms.items():
        print(f'first epoch, {name} ...', file=sys.stderr, flush=True)
        arm.begin_epoch()
        while arm.advance(num_steps):
            pass
        arm.end_epoch()
    found = []
    for index in range(rounds):
        print(f'round {index + 1} of {rounds} ...', file=sys.stderr)
        stages = {name: arm.begin_epoch() for name, arm in arms.items()}
        slices = sliced(arms, num_steps)
        for arm in arms.values():
            arm.end_epoch()
        found.append(dict(stages=stages, slices=slices))
    return found


def sliced(
    arms: dict[str, EpochArm], num_steps: int
) -> dict[str, list[float]]:
    """Run an epoch of all arms in turns A B C C B A A B C ...

    Returns:
        Seconds of every turn, by arm.
    """
    found = {name: [] for name in arms}
    names = list(arms)
    while True:
        turn = {name: arms[name].advance(num_steps) for name in names}
        names.reverse()
        if None in turn.values():
            return found
        for name, seconds in turn.items():
            found[name].append(seconds)


if __name__ == '__main__':
    main()
