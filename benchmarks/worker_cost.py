"""Measure the CPU time that a worker of the data loader needs per image.

For every recipe, once with its views made by the workers (cpu) and once with
views='device', where workers only decode. A worker reads JPEG files of 500 x
375 pixels, which are drawn at random with the spectrum of photographs, or the
images of --images; it runs the recipe's pipeline and joins batches. CPU time
of one process with one thread, the median over the rounds.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Also as a script, not as a module of the package.
sys.path.insert(0, str(ROOT))

METHODS = {
    'mocov2': 'mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py',
    'simsiam': 'simsiam/simsiam_resnet50_16xb32-coslr-200e_in1k.py',
    'swav': 'swav/swav_resnet50_32xb128-mcrop-coslr-200e_in1k.py',
    'mocov3': 'mocov3/mocov3_vit-base-p16_128xb32-amp-coslr-400e_in1k.py',
    'dino': 'dino/dino_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py',
    'ibot': 'ibot/ibot_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py',
    'beit': 'beit/beit_beit-base-p16_32xb64-amp-coslr-400e_in1k.py',
    'ssprl': 'ssprl/ssprl_resnet50_4xb64-mcrop-amp-coslr-100e_in1k.py',
}
CONFIGS = ROOT / 'configs'
BATCH = 16


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--out',
        help='JSON file with milliseconds per image: '
        '{method: {"cpu": ms, "device": ms}}',
    )
    parser.add_argument(
        '--images', help='folder of images (default: drawn ones)'
    )
    parser.add_argument(
        '--methods',
        nargs='+',
        choices=list(METHODS),
        default=list(METHODS),
        metavar='NAME',
        help=f'of {", ".join(METHODS)} (default: all)',
    )
    parser.add_argument(
        '--num',
        type=int,
        default=48,
        help='images per round (default: %(default)s)',
    )
    parser.add_argument(
        '--rounds',
        type=int,
        default=5,
        help='number of rounds (default: %(default)s)',
    )
    args = parser.parse_args()
    if args.num < 1 or args.rounds < 1:
        parser.error('--num and --rounds must be at least 1')
    return args


def main() -> None:
    args = parse_args()
    from benchmarks.epochs.jpeg_files import draw_photographs
    from hirl_mm.files import replacing

    results = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(args.images or folder)
        if not args.images:
            draw_photographs(root, args.num)
        for name in args.methods:
            loaders = {
                views: batches_of(name, root, views)
                for views in ('cpu', 'device')
            }
            spent = {views: [] for views in loaders}
            for turn in range(args.rounds + 1):
                for views, read in loaders.items():
                    begin = time.process_time()
                    read(args.num)
                    seconds = time.process_time() - begin
                    if turn:  # the first one warms up
                        spent[views].append(1e3 * seconds / args.num)
            results[name] = {
                views: round(statistics.median(times), 3)
                for views, times in spent.items()
            }
            print(f'{name:8}', results[name], flush=True)
            if args.out:
                with replacing(args.out) as path:
                    Path(path).write_text(json.dumps(results, indent=2))


def batches_of(name: str, folder: Path, views: str):
    """Return a function that reads a number of images in batches."""
    import cv2
    import torch
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    import hirl_mm.registry  # noqa: F401
    from benchmarks.epochs.placed_views import placed_views

    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    init_default_scope('mmpretrain')
    cfg = Config.fromfile(CONFIGS / METHODS[name])
    dataset, collate = placed_views(cfg, folder, views)

    def read(num: int) -> None:
        for first in range(0, num, BATCH):
            numbers = range(first, min(first + BATCH, num))
            collate([dataset[i % len(dataset)] for i in numbers])

    return read


if __name__ == '__main__':
    main()
