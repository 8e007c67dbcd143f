"""What a page will take, found by drawing a few thumbnails."""

import itertools
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .thumbnails import PER_SHEET, Reader, draw_sheet

# Bytes of names and numbers per image and per thumbnail.
_PER_IMAGE, _PER_THUMBNAIL = 140, 70


@dataclass(frozen=True)
class PagePreview:
    """Size of a page before it is written.

    Args:
        num_images: Number of images of the tree.
        num_thumbnails: Number of thumbnails in all sheets.
        thumbnail_size: Side of a thumbnail in pixels.
        num_bytes: Size of the page.
        seconds: Time for the thumbnails.
    """

    num_images: int
    num_thumbnails: int
    thumbnail_size: int
    num_bytes: int
    seconds: float

    def __str__(self) -> str:
        return (
            f'{self.num_images:,} images, {self.num_thumbnails:,} thumbnails '
            f'of {self.thumbnail_size} pixels: about '
            f'{_size(self.num_bytes)} and {_duration(self.seconds)}'
        )


def preview(
    samples: Sequence[int],
    num_images: int,
    num_thumbnails: int,
    read: Reader,
    size: int,
    threads: int,
) -> PagePreview:
    """Draw a few thumbnails to learn how large and slow all of them are.

    Args:
        samples: Numbers of some images, evenly chosen.
        num_images: Number of all images.
        num_thumbnails: Number of all thumbnails.
        read: Reader of images, see :func:`draw_sheet`.
        size: Side of a thumbnail in pixels.
        threads: Number of threads that will draw.
    """
    # As many as in a full sheet, whose encoding takes its time as a whole.
    samples = list(itertools.islice(itertools.cycle(samples), PER_SHEET))
    began = time.perf_counter()
    with TemporaryDirectory() as folder:
        file = Path(folder, 'sheet.jpg')
        draw_sheet(samples, read, size, file)
        per_thumbnail = os.path.getsize(file) / len(samples)
    seconds = (time.perf_counter() - began) / len(samples)
    return PagePreview(
        num_images,
        num_thumbnails,
        size,
        int(
            num_thumbnails * (per_thumbnail + _PER_THUMBNAIL)
            + num_images * _PER_IMAGE
        ),
        seconds * num_thumbnails / threads,
    )


def thumbnail_size(samples: Sequence[int], read: Reader, largest: int) -> int:
    """Return the size of thumbnails: that of small images, or the largest.

    Args:
        samples: Numbers of some images.
        read: Reader of images, see :func:`draw_sheet`.
        largest: Largest size in pixels.
    """
    sides = []
    for sample in samples[:: max(len(samples) // 16, 1)][:16]:
        try:
            sides.append(min(read(sample, largest).size))
        except ValueError:
            continue
    return min(max(sides, default=largest), largest)


def check_space(folder: Path, num_bytes: int) -> None:
    """Raise OSError if the disk of a folder has less space than needed.

    Args:
        folder: Folder to write, which may be missing.
        num_bytes: Space that is needed.
    """
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if num_bytes > free:
        raise OSError(
            f'the page will take about {num_bytes / 1e6:,.0f} MB but the disk '
            f'of {folder} has {free / 1e6:,.0f} MB: choose another disk, or '
            'fewer or smaller thumbnails'
        )


def _size(num_bytes: float) -> str:
    for unit in 'kB', 'MB':
        num_bytes /= 1000
        if num_bytes < 1000:
            return f'{num_bytes:.3g} {unit}'
    return f'{num_bytes / 1000:.3g} GB'


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f'{seconds:.0f} s'
    return f'{seconds / 60:.0f} min'
