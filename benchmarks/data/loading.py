"""Start of a data set with many files, and reading from files and shards.

The start is that of a folder with the names of ImageNet's 1,281,167 training
images in 1000 class folders: MMPreTrain's data set, which lists the folder
every time, and this project's, for the first time and with the list that it
has kept. The memory is that of the annotations.

Reading is that of JPEG images in an order that is drawn anew in every round,
from files and from shards: of their bytes alone, and decoded to pixels. All
files are in the cache of the system, so the disk is left out.

With --clock process, time does not count while other programs have the cores.
"""

import argparse
import pickle
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine.fileio import get
from mmpretrain.datasets import CustomDataset

from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_clock,
    add_rounds,
    new_parser,
    parse,
    report,
)
from benchmarks.common.tables import aligned_table, median_ms, megabytes
from benchmarks.common.timing import (
    CLOCKS,
    interleaved_seconds,
    quartiles,
)
from benchmarks.data.folders import write_jpegs, write_names
from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.shards.conversion import convert

QUICK = dict(num_files=2000, num_classes=20, num_images=40, rounds=1, settle=0)


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add_rounds(parser)
    add_clock(parser)
    add = parser.add_argument
    add(
        '--num-files',
        type=int,
        default=1_281_167,
        help='files of the start (default: %(default)s)',
    )
    add(
        '--num-classes',
        type=int,
        default=1000,
        help='class folders of the start (default: %(default)s)',
    )
    add(
        '--num-images',
        type=int,
        default=400,
        help='images to read (default: %(default)s)',
    )
    add(
        '--folder',
        help='folder for temporary files, on the disk to measure (default: '
        "the system's)",
    )
    add(
        '--settle',
        type=float,
        default=11.0,
        help='seconds to wait after files were written, since lists of newer '
        'folders are not trusted (default: %(default)s)',
    )
    names = 'rounds', 'num_files', 'num_classes', 'num_images'
    return parse(parser, QUICK, at_least_one=names)


def main() -> None:
    args = parse_args()
    machine = describe('cpu')
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        started = start(Path(folder), args)
        read = reading(Path(folder), args)
    report(
        args,
        machine,
        dict(start=started, reading=read),
        start_table(started),
        reading_table(read),
    )


def start(root: Path, args: argparse.Namespace) -> list[dict]:
    """Time the starts of data sets of a folder with many files."""
    write_names(root / 'names', args.num_files, args.num_classes)
    time.sleep(args.settle)
    arms = {
        'mmpretrain.CustomDataset': CustomDataset,
        'hirl_mm.FolderImages, first': FolderImages,
        'hirl_mm.FolderImages, again': FolderImages,
    }
    rows = []
    for name, kind in arms.items():
        before, cpu = time.perf_counter(), time.process_time()
        dataset = kind(data_root=str(root / 'names'))
        rows.append(
            dict(
                name=name,
                num_files=len(dataset),
                wall=time.perf_counter() - before,
                process=time.process_time() - cpu,
                bytes=annotation_bytes(dataset),
            )
        )
    return rows


def annotation_bytes(dataset: CustomDataset) -> int:
    """Return the memory of the annotations of a data set."""
    if isinstance(dataset, FolderImages):
        return len(pickle.dumps(dataset.images))
    return dataset.data_bytes.nbytes + dataset.data_address.nbytes


def reading(root: Path, args: argparse.Namespace) -> dict[str, dict]:
    """Time reading an image of a data set of files and of one of shards."""
    write_jpegs(root / 'files', args.num_images, (500, 375))
    convert(root / 'files', root / 'shards')
    size = sum(p.stat().st_size for p in (root / 'files').rglob('*.JPEG'))
    load = LoadImageFromFile()
    tasks: dict[str, Callable] = {}
    for kind in 'files', 'shards':
        dataset = FolderImages(data_root=str(root / kind))
        order = np.random.default_rng(0).permutation(len(dataset))
        infos = list(map(dataset.get_data_info, order.tolist()))
        paths = [info['img_path'] for info in infos]
        tasks[f'{kind}, bytes'] = lambda paths=paths: list(map(get, paths))
        tasks[f'{kind}, decoded'] = lambda infos=infos: [
            load(dict(info)) is not None for info in infos
        ]
    spent = interleaved_seconds(
        tasks, args.rounds, 1, 1, 'cpu', CLOCKS[args.clock]
    )
    num = args.num_images
    return {
        name: dict(
            seconds=quartiles([one / num for one in seconds]),
            mean_bytes=size / num,
        )
        for name, seconds in spent.items()
    }


def start_table(rows: list[dict]) -> str:
    """Return the table of the starts in Markdown."""
    header = ['data set', 'files', 'seconds', 'CPU seconds', 'MB kept']
    cells = [
        [
            row['name'],
            f'{row["num_files"]:,}',
            f'{row["wall"]:.2f}',
            f'{row["process"]:.2f}',
            megabytes(row['bytes']),
        ]
        for row in rows
    ]
    return aligned_table(header, cells)


def reading_table(found: dict[str, dict]) -> str:
    """Return the table of reading in Markdown."""
    header = ['images in', 'KB', 'ms per image', 'images/s of a core']
    cells = [
        [
            name,
            f'{one["mean_bytes"] / 1e3:.0f}',
            median_ms(one['seconds']),
            f'{1 / one["seconds"]["median"]:.0f}',
        ]
        for name, one in found.items()
    ]
    return aligned_table(header, cells)


if __name__ == '__main__':
    main()
