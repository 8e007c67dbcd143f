"""What HIRL adds to an epoch, in every mode of its clustering.

MoCo v2 with a ResNet-18 trains on textured shapes, in real Runners, plain
and with HIRL. A round is an epoch of every arm; the first epoch of each, in
which the bank fills and there is no tree, is not counted.
"""

import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import torch
from digit_runs import demo_config
from epochs import EpochArm
from kmeans_peers import threads
from machine import describe
from options import add_clock, add_rounds, new_parser, parse, report
from tables import aligned_table
from timing import CLOCKS, quartiles, ratio

from hirl_mm.datasets.embedded import write_shapes
from hirl_mm.engine.clustering_mode import MODES

PLAIN = 'plain'
PARTS = ('extract', 'cluster')
NUM_CLASSES = 36
QUICK = dict(
    images_per_class=4, width=4, prototypes=[12, 4, 2], rounds=1, negatives=20
)


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_rounds(parser)
    add_clock(parser)
    add = parser.add_argument
    add('--modes', nargs='+', choices=list(MODES), default=list(MODES))
    add(
        '--images-per-class',
        type=int,
        default=290,
        help=f'of {NUM_CLASSES} classes (default: %(default)s)',
    )
    add('--data', help='folder for the images (default: a temporary one)')
    add('--image-size', type=int, default=32, help='pixels (%(default)s)')
    add('--width', type=int, default=64, help='of the first stage')
    add('--negatives', type=int, default=1000, help='paths per image')
    add(
        '--prototypes',
        type=int,
        nargs='+',
        default=[240, 80, 8],
        help='as many images per leaf as on ImageNet (default: %(default)s)',
    )
    add('--threads', type=int, default=1)
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
        rounds = measure(arms, args.rounds)
    results = summarise(rounds)
    report(args, machine, results, overhead_table(results))


def build_arm(name: str, data: Path, work_dir: Path, args: Namespace):
    """A run of the demo's recipe, widened, on the shapes."""
    cfg = demo_config(name, data, work_dir, args.seed)
    cfg.custom_hooks = cfg.custom_hooks[:1] if name != PLAIN else []
    cfg.train_cfg.max_epochs = 10**4
    width = args.width
    cfg.model.backbone.update(base_channels=width, stem_channels=width)
    cfg.model.neck.update(in_channels=8 * width, hid_channels=8 * width)
    cfg.model.queue_len = 4096
    views = cfg.train_dataloader.dataset.pipeline[1]
    views.transforms[0][0].scale = args.image_size
    for hook in cfg.custom_hooks:
        hook.update(num_prototypes=tuple(args.prototypes), start_epoch=1)
        resize = dict(type='ResizeEdge', scale=args.image_size, edge='short')
        hook.pipeline.insert(1, resize)
        cfg.model.spd_head.num_negatives = args.negatives
    return EpochArm(cfg, CLOCKS[args.clock])


def measure(arms: dict[str, EpochArm], rounds: int) -> dict[str, list[dict]]:
    """Seconds of every epoch and its parts; each round begins elsewhere."""
    names = list(arms)
    for name in names:
        print(f'first epoch, {name} ...', file=sys.stderr, flush=True)
        arms[name].epoch()
    found = {name: [] for name in names}
    for index in range(rounds):
        first = index % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(arms[name].epoch())
            total = found[name][-1]['total']
            print(
                f'round {index + 1} of {rounds}, {name}: {total:.1f} s',
                file=sys.stderr,
                flush=True,
            )
    return found


def summarise(rounds: dict[str, list[dict]]) -> dict:
    """Of every mode its ratio to the plain arm, and the shares of parts."""
    plain = [epoch['total'] for epoch in rounds[PLAIN]]

    def share(mode: str, part: Callable[[dict], float]) -> dict[str, float]:
        return quartiles(
            [
                part(epoch) / base
                for epoch, base in zip(rounds[mode], plain, strict=True)
            ]
        )

    modes = {}
    for mode in rounds:
        if mode == PLAIN:
            continue
        modes[mode] = dict(
            ratio=ratio([epoch['total'] for epoch in rounds[mode]], plain),
            parts={
                part: share(mode, lambda epoch, part=part: epoch[part])
                for part in PARTS
            }
            | dict(
                other=share(
                    mode, lambda e: e['stage'] - sum(e[p] for p in PARTS)
                ),
                steps=share(mode, lambda e: e['total'] - e['stage']),
            ),
        )
    return dict(plain=quartiles(plain), modes=modes, rounds=rounds)


def overhead_table(results: dict) -> str:
    rows = [
        (
            mode,
            _percent(found['ratio'], less=1),
            *(_percent(found['parts'][part]) for part in PARTS),
            _percent(found['parts']['other']),
            _percent(found['parts']['steps'], less=1),
        )
        for mode, found in results['modes'].items()
    ]
    head = (
        'mode',
        'overhead',
        'extract',
        'cluster',
        'log, save, exchange',
        'steps (tap, loss, bank)',
    )
    return aligned_table(head, rows, left=1) + (
        f'\nShare of a plain epoch, {results["plain"]["median"]:.1f} s: '
        'medians of the rounds (lower to upper quartile). One process: no '
        'time goes into exchange between processes.\n'
    )


def _percent(share: dict[str, float], less: float = 0) -> str:
    median, q1, q3 = (share[k] - less for k in ('median', 'q1', 'q3'))
    return f'{median:.1%} ({q1:.1%} to {q3:.1%})'


if __name__ == '__main__':
    main()
