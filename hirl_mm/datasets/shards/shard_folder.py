"""Reading images from a folder of shards."""

import os
import zlib
from io import FileIO

from hirl_mm.datasets.shards.shard_file import shard_label, shard_name
from hirl_mm.datasets.shards.shard_index import (
    INDEX,
    label_of,
    read_index,
)

# Files that a process keeps open; Linux allows 1024 unless it is told
# otherwise.
_MOST_OPEN = 256
_MOST_NAMED = 3


class ShardFolder:
    """Images in the shards of a folder.

    A process opens a shard when it first reads from it. Reading does not move
    a position in the file, so forked processes and threads may share the open
    files.

    Args:
        folder: Folder with shards and their index, as
            ``tools/dataset_converters/shards.py`` writes it.

    Raises:
        OSError: If the index cannot be read, or a shard is missing or has
            another length.
        ValueError: If the index is damaged, or belongs to other shards.

    Attributes:
        folder: The folder.
        index: Index of the images.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = os.fspath(folder)
        self.index = read_index(folder)
        self._open: dict[int, FileIO] = {}
        self._check()

    def path(self, number: int) -> str:
        """Return the path of a shard."""
        return os.path.join(self.folder, shard_name(number))

    def read(self, name: str) -> bytes:
        """Return the content of an image.

        Args:
            name: Path of the image in the folder that was converted.

        Raises:
            FileNotFoundError: If there is no such image.
            OSError: If its shard cannot be read, or has other bytes than
                those that were written.
        """
        try:
            number = self.index.number(name)
        except KeyError:
            raise FileNotFoundError(
                f'the shards in {self.folder} have no image {name}'
            ) from None
        places = self.index.places
        shard = self.index.shard_of(number)
        size, offset = int(places.sizes[number]), int(places.offsets[number])
        content = os.pread(self._file(shard).fileno(), size, offset)
        if zlib.crc32(content) != places.sums[number]:
            raise OSError(
                f'{self.path(shard)} is damaged: the {len(content)} bytes of '
                f'{name} are not the {size} that were written. Convert this '
                'shard again: delete it and repeat the conversion'
            )
        return content

    def _file(self, shard: int) -> FileIO:
        file = self._open.get(shard)
        if file is None:
            if len(self._open) >= _MOST_OPEN:
                # Closed when the last thread that reads from it is done.
                self._open.pop(next(iter(self._open)), None)
            file = FileIO(self.path(shard))
            self._open[shard] = file
        return file

    def _check(self) -> None:
        """Raise an error if the shards are not those of the index."""
        lengths = self.index.lengths.tolist()
        paths = list(map(self.path, range(len(lengths))))
        missing = [path for path in paths if not os.path.isfile(path)]
        again = 'repeat the conversion, which writes only what is missing'
        if missing:
            raise FileNotFoundError(
                f'{len(missing)} of {len(paths)} shards are missing in '
                f'{self.folder}: {_first(missing)}. Copy them there, or '
                f'{again}'
            )
        sizes = map(os.path.getsize, paths)
        wrong = [
            f'{path} has {size:,} bytes, not {length:,}'
            for path, size, length in zip(paths, sizes, lengths, strict=True)
            if size != length
        ]
        if wrong:
            raise OSError(
                f'{len(wrong)} of {len(paths)} shards are incomplete: '
                f'{_first(wrong)}. Copy them again, or delete them and {again}'
            )
        identity = self.index.identity
        others = [
            path
            for number, path in enumerate(paths)
            if shard_label(path) != label_of(identity, number)
        ]
        if others:
            raise ValueError(
                f'the index {os.path.join(self.folder, INDEX)} belongs to '
                f'other shards than {_first(others)}: copy the index and the '
                'shards of one conversion, or delete both and convert again'
            )


def _first(texts: list[str]) -> str:
    more = ', ...' if len(texts) > _MOST_NAMED else ''
    return ', '.join(os.path.basename(t) for t in texts[:_MOST_NAMED]) + more
