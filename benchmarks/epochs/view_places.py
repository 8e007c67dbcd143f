"""What is learned with views made by the workers and on the device.

MoCo v2 on the digits of the demo, with the colour, grey, blur and flip of its
recipe for ImageNet, trained in pairs of the same seed: once with views='cpu',
once with views='device'. The accuracy of a kNN classifier after the last
epoch; the two arms draw different random numbers, so a single pair differs by
chance.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from benchmarks.common.machine import describe
from benchmarks.common.options import new_parser, parse, report
from benchmarks.epochs.demo_runs import demo_config
from benchmarks.step.method import CONFIGS
from hirl_mm.datasets.toy import write_digits
from hirl_mm.engine.runtime.device_views import place_views

QUICK = dict(seeds=2, epochs=1, num_images=128)
PLACES = 'cpu', 'device'
RECIPE = 'mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py'


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add = parser.add_argument
    add('--seeds', type=int, default=5, help='number of pairs')
    add('--epochs', type=int, default=8, help='length of a training')
    add('--num-images', type=int, help='training images (default: all)')
    add('--threads', type=int, default=1, help='threads of PyTorch')
    return parse(parser, QUICK, at_least_one=('seeds', 'epochs'))


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    machine = describe('cpu')
    found = {place: [] for place in PLACES}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, 'digits')
        write_digits(data)
        for seed in range(args.seeds):
            for place in PLACES:
                work_dir = Path(folder, f'{place}-{seed}')
                accuracy = train(data, work_dir, place, seed, args)
                found[place].append(accuracy)
                print(f'seed {seed}, {place}: {accuracy:.2f}', file=sys.stderr)
    pairs = zip(*found.values(), strict=True)
    differences = [device - cpu for cpu, device in pairs]
    results = dict(top1=found, differences=differences)
    report(args, machine, results, table(found, differences))


def train(
    data: Path,
    work_dir: Path,
    place: str,
    seed: int,
    args: argparse.Namespace,
) -> float:
    """Return the accuracy of a kNN classifier after a training, in percent."""
    cfg = demo_config('plain', data, work_dir, seed, args.num_images)
    recipe = Config.fromfile(CONFIGS / RECIPE)
    pipeline = recipe.train_dataloader.dataset.pipeline
    pipeline[1].transforms[0][0].update(scale=32, crop_ratio_range=(0.5, 1.0))
    cfg.train_dataloader.dataset.pipeline = pipeline
    cfg.train_cfg.max_epochs = args.epochs
    cfg.param_scheduler[0].update(T_max=args.epochs, end=args.epochs)
    cfg.views = place
    place_views(cfg)
    Runner.from_cfg(cfg).train()
    (path,) = work_dir.glob('*/vis_data/scalars.json')
    lines = map(json.loads, path.read_text().splitlines())
    return [line['knn/top1'] for line in lines if 'knn/top1' in line][-1]


def table(found: dict, differences: list[float]) -> str:
    """Return means and standard deviations over the seeds in Markdown."""
    lines = ['| views | kNN top-1 (%) |', '|---|---:|']
    for place, values in found.items():
        lines.append(f'| {place} | {_mean(values)} |')
    lines.append(f'| device - cpu, per seed | {_mean(differences)} |')
    return '\n'.join(lines)


def _mean(values: list[float]) -> str:
    return f'{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}'


if __name__ == '__main__':
    main()
