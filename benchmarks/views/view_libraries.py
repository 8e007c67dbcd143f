"""Time per image of MoCo v2's two views, by four libraries.

From decoded images of 500 x 375 pixels, drawn with the spectrum of
photographs, to two views of 224 pixels: by hirl_mm.views in one batch
(hirl_mm), by MMPreTrain's transforms image by image, as workers make them
(mmpretrain), by torchvision's transforms image by image (torchvision), and by
kornia in one batch of images that were shrunk to 256 x 256 pixels before
(kornia, if it is installed). Arms take turns. On an accelerator, only the
batches are made there.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from PIL import Image
from torch.nn.functional import interpolate

from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_clock,
    add_device,
    add_rounds,
    add_seed,
    check_device,
    new_parser,
    parse,
    report,
)
from benchmarks.common.tables import aligned_table, median_ms
from benchmarks.common.timing import CLOCKS, interleaved_seconds, quartiles
from benchmarks.epochs.jpeg_files import draw_photographs
from benchmarks.epochs.view_arms import (
    KORNIA_SIDE,
    TwoViews,
    has_kornia,
    kornia_view,
)
from benchmarks.worker_cost import CONFIGS, METHODS
from hirl_mm.datasets.view_steps import view_of
from hirl_mm.views import RaggedImages

QUICK = dict(rounds=1, num_images=2)
NUM_VIEWS = 2


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add_device(parser)
    parser.add_argument(
        '--num-images',
        type=int,
        default=32,
        help='images of a batch (default: %(default)s)',
    )
    args = parse(parser, QUICK, at_least_one=('rounds', 'num_images'))
    check_device(parser, args)
    return args


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    np.random.seed(args.seed)
    init_default_scope('mmpretrain')
    machine = describe(args.device)
    seconds = interleaved_seconds(
        tasks(decoded(args.num_images), args.device),
        args.rounds,
        repeats=1,
        warmup=1,
        device=args.device,
        clock=CLOCKS[args.clock],
    )
    per_image = {
        name: quartiles([s / args.num_images for s in values])
        for name, values in seconds.items()
    }
    rows = [[name, median_ms(value)] for name, value in per_image.items()]
    table = aligned_table(['views by', 'ms per image'], rows)
    report(args, machine, dict(seconds_per_image=per_image), table)


def decoded(num: int) -> list[Image.Image]:
    with tempfile.TemporaryDirectory() as folder:
        draw_photographs(Path(folder), num)
        files = sorted(Path(folder).iterdir())
        return [Image.open(file).convert('RGB') for file in files]


def tasks(images: list[Image.Image], device: str) -> dict[str, Callable]:
    """Return a function per library that makes the views of all images."""
    cfg = Config.fromfile(CONFIGS / METHODS['mocov2'])
    (steps,) = cfg.train_dataloader.dataset.pipeline[1].transforms
    ours, theirs, torchvisions = view_of(steps), Compose(steps), TwoViews()
    arrays = [np.asarray(image) for image in images]
    ragged = RaggedImages.of([torch.tensor(array) for array in arrays])
    ragged = RaggedImages(ragged.pixels.to(device), ragged.sizes)

    generator = torch.Generator().manual_seed(0)

    def hirl_mm() -> None:
        parameters = ours.draw(ragged.sizes, generator, count=NUM_VIEWS)
        ours.apply(ragged, parameters)

    def mmpretrain() -> None:
        for array in arrays:
            for _ in range(NUM_VIEWS):
                theirs(dict(img=array))

    def torchvision() -> None:
        for image in images:
            torchvisions(image)

    found = dict(
        hirl_mm=hirl_mm, mmpretrain=mmpretrain, torchvision=torchvision
    )
    if has_kornia():
        view = kornia_view()
        shrunk = torch.stack(
            [
                interpolate(
                    torch.tensor(array).permute(2, 0, 1)[None] / 255,
                    [KORNIA_SIDE] * 2,
                    mode='bilinear',
                    antialias=True,
                )[0]
                for array in arrays
            ]
        ).to(device)

        @torch.no_grad()
        def kornia() -> None:
            for _ in range(NUM_VIEWS):
                view(shrunk)

        found['kornia'] = kornia
    return found


if __name__ == '__main__':
    main()
