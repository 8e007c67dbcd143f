"""Converting an image folder to shards, and checking them."""

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from hirl_mm.datasets.image_files import LISTED, UNLISTED, is_hidden
from hirl_mm.datasets.listing.folder_scan import FolderScan
from hirl_mm.datasets.listing.kept_scans import kept_scan
from hirl_mm.datasets.listing.scan_file import read_arrays
from hirl_mm.datasets.shards.shard_file import (
    shard_label,
    shard_name,
    write_shard,
)
from hirl_mm.datasets.shards.shard_folder import ShardFolder
from hirl_mm.datasets.shards.shard_index import (
    INDEX,
    Places,
    ShardIndex,
    label_of,
    read_index,
    write_index,
)
from hirl_mm.files import replacing

Shown = Callable[[range], Iterable[int]]


def convert(
    folder: str | os.PathLike,
    out: str | os.PathLike,
    images_per_shard: int = 10_000,
    shown: Shown = iter,
) -> ShardFolder:
    """Convert the images of a folder to shards.

    All images of all known extensions are converted, but none in hidden
    folders. A conversion that was stopped goes on with the shards that are
    missing.

    Args:
        folder: A local folder, with or without a subfolder per class.
        out: Folder to write.
        images_per_shard: Number of the images in a shard; the last one may
            have fewer.
        shown: Iterates over the numbers of the shards, and may show the
            progress.

    Raises:
        OSError: If an image cannot be read, or a shard not be written.
        ValueError: If there are no images, or ``out`` has shards of other
            images.
    """
    if images_per_shard < 1:
        raise ValueError(
            f'images_per_shard must be at least 1, got {images_per_shard}'
        )
    scan = images_in(folder)
    names = list(scan.files())
    if not names:
        raise ValueError(f'found no images in {folder}')
    ends = np.arange(images_per_shard, len(names), images_per_shard)
    ends = np.append(ends, len(names))
    identity = _identity(names, images_per_shard)
    earlier = _earlier(out, identity)
    parts, lengths = [], []
    for number in shown(range(len(ends))):
        path = Path(out, shard_name(number))
        label = label_of(identity, number)
        some = names[number * images_per_shard : ends[number]]
        parts.append(
            _written(path, label, earlier, number)
            or _write(path, label, folder, some)
        )
        lengths.append(os.path.getsize(path))
    places = Places(*map(np.concatenate, zip(*parts, strict=True)))
    write_index(
        out, ShardIndex(scan, ends, np.array(lengths), places, identity)
    )
    for number in range(len(ends)):
        _places_file(Path(out, shard_name(number))).unlink(missing_ok=True)
    return ShardFolder(out)


def check(
    shards: ShardFolder,
    folder: str | os.PathLike,
    shown: Shown = iter,
) -> None:
    """Compare the images in shards with those of the folder.

    Args:
        shards: The shards.
        folder: Folder that was converted.
        shown: See :func:`convert`.

    Raises:
        OSError: If an image cannot be read.
        ValueError: If the folder has other images, or other bytes.
    """
    names = list(shards.index.scan.files())
    if names != list(images_in(folder).files()):
        raise ValueError(
            f'{folder} has other images than the shards in {shards.folder}: '
            'delete the shards and convert the folder again'
        )
    starts = [0, *shards.index.ends[:-1]]
    for number in shown(range(len(starts))):
        for name in names[starts[number] : shards.index.ends[number]]:
            if shards.read(name) != Path(folder, name).read_bytes():
                raise ValueError(
                    f'{Path(folder, name)} has changed since it was '
                    f'converted: delete {shards.path(number)} and convert the '
                    'folder again'
                )


def images_in(folder: str | os.PathLike) -> FolderScan:
    """List the images of all known extensions, but none in hidden folders.

    Raises:
        OSError: If the folder cannot be listed.
    """
    scan = kept_scan(folder)
    extensions = (*LISTED, *UNLISTED)
    names = {}
    for path, files in scan.folders():
        images = [f for f in files if f.lower().endswith(extensions)]
        if images and not is_hidden(f'{path}/file'):
            names[path] = os.fsencode('\0'.join(images))
    return FolderScan(names, dict.fromkeys(names, (0, 0, 0)))


def _identity(names: list[str], images_per_shard: int) -> str:
    text = os.fsencode('\0'.join([str(images_per_shard), *names]))
    return hashlib.sha256(text).hexdigest()


def _earlier(out: str | os.PathLike, identity: str) -> ShardIndex | None:
    """Return the index of an earlier conversion; None if there is none.

    Raises:
        ValueError: If it was a conversion of other images.
    """
    if not Path(out, INDEX).exists():
        return None
    index = read_index(out)
    if index.identity != identity:
        raise ValueError(
            f'{out} has shards of other images, or with another number of '
            'images each: choose another folder, or delete it'
        )
    return index


def _written(
    path: Path, label: str, earlier: ShardIndex | None, number: int
) -> Places | None:
    """Return where the images of a shard are; None if it must be written.

    Args:
        path: Path of the shard.
        label: What the shard has to begin with.
        earlier: Index of a conversion that was complete.
        number: Number of the shard.
    """
    if not path.exists() or shard_label(path) != label:
        return None
    notes = _places_file(path)
    if notes.exists():
        found = read_arrays(notes)
        places = Places(found['offsets'], found['sizes'], found['sums'])
        same = found['label'] == label
        same &= found['length'] == path.stat().st_size
        return places if same else None
    if earlier and earlier.lengths[number] == path.stat().st_size:
        first = earlier.ends[number - 1] if number else 0
        inside = slice(first, earlier.ends[number])
        return Places(*(array[inside] for array in earlier.places))
    return None


def _write(
    path: Path, label: str, folder: str | os.PathLike, names: list[str]
) -> Places:
    """Write a shard, and note where its images are until there is an index."""
    places = write_shard(path, label, folder, names)
    length = np.array(path.stat().st_size)
    with replacing(_places_file(path)) as temporary:
        np.savez(
            temporary,
            label=np.array(label),
            length=length,
            **places._asdict(),
        )
    return places


def _places_file(path: Path) -> Path:
    return path.with_suffix('.npz')
