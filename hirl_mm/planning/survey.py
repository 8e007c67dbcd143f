"""Looking at all images of a folder before a training."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from hirl_mm.progress import shown_progress

from .image_facts import ImageFacts, decoded_facts, file_digest, header_facts

# Images that are decoded if only a sample is.
SAMPLE = 512
_CHUNK = 128
# Fewer images than this are not worth the start of processes.
_MIN_FOR_PROCESSES = 512
# Modes of Pillow without colours.
_GREY = {'1', 'L', 'LA', 'I', 'I;16', 'F'}


@dataclass(frozen=True)
class Survey:
    """What a folder of N images holds.

    Args:
        num_images: N, with those that cannot be read.
        num_bytes: Size of all files.
        short_sides: Shortest, median and longest short side of the images,
            in pixels.
        sizes: Number of images by ``(width, height)``, the most frequent
            first; those of unknown size are left out.
        modes: Number of images by mode of Pillow.
        unreadable: Reason by path of the images that cannot be read.
        one_colour: Paths of decoded images with equal pixels everywhere.
        duplicates: Groups of paths of files with the same bytes.
        num_decoded: Number of images that were decoded, the others were
            judged by their first and last bytes.
    """

    num_images: int
    num_bytes: int
    short_sides: tuple[int, int, int]
    sizes: dict[tuple[int, int], int] = field(repr=False)
    modes: dict[str, int]
    unreadable: dict[str, str] = field(default_factory=dict, repr=False)
    one_colour: Sequence[str] = field(default=(), repr=False)
    duplicates: Sequence[Sequence[str]] = field(default=(), repr=False)
    num_decoded: int = 0

    @property
    def num_readable(self) -> int:
        """Number of images that can be read."""
        return self.num_images - len(self.unreadable)

    @property
    def num_duplicates(self) -> int:
        """Number of files that repeat another one."""
        return sum(len(group) - 1 for group in self.duplicates)

    @property
    def is_grey(self) -> bool:
        """Whether no image has colours."""
        return bool(self.modes) and set(self.modes) <= _GREY


def survey_images(
    paths: Sequence[str],
    decode_all: bool,
    processes: int = 1,
    log: Callable[[str], None] = lambda line: None,
) -> Survey:
    """Look at all images: sizes, modes, faults, duplicates.

    Of every file the first and the last bytes are read. Decoded are all
    images, or 512 spread evenly over them. Duplicates are files with the same
    bytes; without decoding, only files of equal size are compared.

    Args:
        paths: Paths of N images.
        decode_all: Whether to decode all of them, as a training will.
        processes: Number of processes.
        log: Function that writes a line about the progress.
    """
    sample = range(len(paths))
    if not decode_all:
        sample = range(0, len(paths), max(1, -(-len(paths) // SAMPLE)))
    chosen = set(sample)
    work = [(path, i in chosen) for i, path in enumerate(paths)]
    facts = list(_mapped(_look, work, processes, 'looking at images', log))
    duplicates = _duplicates(paths, facts, processes, log)
    return _summary(paths, facts, duplicates, len(chosen))


def _look(item: tuple[str, bool]) -> ImageFacts:
    path, decode = item
    facts = header_facts(path) if not decode else decoded_facts(path)
    # What the decoder of a training says counts.
    if facts.error and not decode and facts.num_bytes:
        return decoded_facts(path)
    return facts


def _mapped(
    function: Callable,
    items: Sequence,
    processes: int,
    what: str,
    log: Callable[[str], None],
) -> Iterator:
    """Apply a function to items, in order, and show the progress."""
    chunks = [items[i : i + _CHUNK] for i in range(0, len(items), _CHUNK)]
    if processes < 2 or len(items) < _MIN_FOR_PROCESSES:
        _no_limits()
        for chunk in shown_progress(chunks, what, log):
            yield from map(function, chunk)
        return
    context = multiprocessing.get_context('fork')
    with context.Pool(processes, _start) as pool:
        results = pool.imap(_Chunked(function), chunks)
        for _ in shown_progress(chunks, what, log):
            yield from next(results)


@dataclass(frozen=True)
class _Chunked:
    """Applies a function to every item of a chunk, in a process."""

    function: Callable

    def __call__(self, chunk: Sequence) -> list:
        return [self.function(item) for item in chunk]


def _start() -> None:
    cv2.setNumThreads(0)
    _no_limits()


def _no_limits() -> None:
    # Only headers are read by Pillow; the training decodes with OpenCV.
    Image.MAX_IMAGE_PIXELS = None


def _duplicates(
    paths: Sequence[str],
    facts: Sequence[ImageFacts],
    processes: int,
    log: Callable[[str], None],
) -> list[list[str]]:
    """Return groups of files with the same bytes, in the order of paths."""
    sizes = Counter(fact.num_bytes for fact in facts if not fact.error)
    alike = [
        i
        for i, fact in enumerate(facts)
        if not fact.error and sizes[fact.num_bytes] > 1
    ]
    unknown = [i for i in alike if not facts[i].digest]
    files = [paths[i] for i in unknown]
    found = _mapped(file_digest, files, processes, 'comparing files', log)
    digests = dict(zip(unknown, found, strict=True))
    groups: dict[bytes, list[str]] = {}
    for i in alike:
        digest = facts[i].digest or digests[i]
        if digest:
            groups.setdefault(digest, []).append(paths[i])
    return [group for group in groups.values() if len(group) > 1]


def _summary(
    paths: Sequence[str],
    facts: Sequence[ImageFacts],
    duplicates: list[list[str]],
    num_decoded: int,
) -> Survey:
    pairs = list(zip(paths, facts, strict=True))
    good = [fact for fact in facts if not fact.error]
    sizes = Counter((f.width, f.height) for f in good if f.width)
    shorts = [min(f.width, f.height) for f in good if f.width] or [0]
    return Survey(
        num_images=len(paths),
        num_bytes=sum(fact.num_bytes for fact in facts),
        short_sides=(min(shorts), int(np.median(shorts)), max(shorts)),
        sizes=dict(sizes.most_common()),
        modes=dict(Counter(f.mode for f in good if f.mode).most_common()),
        unreadable={path: fact.error for path, fact in pairs if fact.error},
        one_colour=[path for path, fact in pairs if fact.one_colour],
        duplicates=duplicates,
        num_decoded=num_decoded,
    )
