"""Thumbnails of JPEG files, and how long those of a page of ImageNet take.

Sheets of 256 thumbnails are drawn as `tools/browse_tree.py` does it, from
files of 500 x 375 pixels whose spectrum is that of photographs, or from those
of a folder; beside it the same from images that are decoded with all of their
pixels. Times on more cores are divided by their number: threads draw sheets,
and Pillow decodes and resizes without the lock of Python.
"""

import tempfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from benchmarks.common.machine import describe
from benchmarks.common.options import add_clock, new_parser, parse, report
from benchmarks.common.tables import aligned_table
from benchmarks.common.timing import CLOCKS
from benchmarks.epochs.jpeg_files import draw_photographs
from hirl_mm.datasets.read_image import read_image
from hirl_mm.pages.tree_page.thumbnails import PER_SHEET, draw_sheet

QUICK = dict(sheets=1, size=32)
# Every prototype of 30,000 + 10,000 + 1,000 has twelve.
_PER_PAGE = 41_000 * 12
_NUM_DRAWN = 64


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_clock(parser)
    add = parser.add_argument
    add('--sheets', type=int, default=8, help='sheets to draw in each way')
    add('--size', type=int, default=96, help='side of a thumbnail in pixels')
    add('--photos', help='folder of JPEG files to draw')
    return parse(parser, QUICK)


def main() -> None:
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(args, Path(folder), CLOCKS[args.clock])
    rows = [
        (
            way,
            f'{1000 * seconds:.2f}',
            f'{1 / seconds:.0f}',
            *(f'{seconds * _PER_PAGE / cores / 60:.1f}' for cores in (2, 16)),
        )
        for way, seconds in found.items()
    ]
    head = 'decoded', 'ms', 'per second', 'min on 2 cores', 'min on 16'
    report(args, describe('cpu'), found, aligned_table(head, rows))


def measure(
    args: Namespace, folder: Path, clock: Callable[[], float]
) -> dict[str, float]:
    """Return seconds per thumbnail, by how images are decoded."""
    photos = Path(args.photos or folder)
    if args.photos is None:
        draw_photographs(folder, _NUM_DRAWN)
    files = sorted(photos.glob('*.jpg'))
    num = args.sheets * PER_SHEET
    # Spread over the folder, as the images of a node are.
    chosen = [files[i * len(files) // num] for i in range(num)]
    readers = {
        'all pixels': lambda number, side: read_image(chosen[number]),
        'as large as needed': lambda number, side: read_image(
            chosen[number], side
        ),
    }
    found = {}
    for way, read in readers.items():
        start = clock()
        for first in range(0, num, PER_SHEET):
            samples = range(first, first + PER_SHEET)
            out = folder / f'{first}.sheet'
            if draw_sheet(samples, read, args.size, out):
                raise ValueError(f'some files of {photos} cannot be read')
        found[way] = (clock() - start) / num
    return found


if __name__ == '__main__':
    main()
