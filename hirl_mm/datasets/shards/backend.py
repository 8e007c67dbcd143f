import os

from mmengine.fileio import register_backend
from mmengine.fileio.backends import BaseStorageBackend

from hirl_mm.datasets.shards.locations import (
    SCHEME,
    has_shards,
    read_shards,
)


class ShardsBackend(BaseStorageBackend):
    """File backend that reads images from shards.

    MMEngine chooses it for paths ``shards://FOLDER/NAME``, so every transform
    that loads images reads them, such as MMPreTrain's
    ``LoadImageFromFile``.
    """

    def get(self, filepath: str | os.PathLike) -> bytes:
        return read_shards(str(filepath))

    def get_text(
        self, filepath: str | os.PathLike, encoding: str = 'utf-8'
    ) -> str:
        return self.get(filepath).decode(encoding)


register_backend(
    'hirl_mm.shards',
    ShardsBackend,
    force=True,
    prefixes=SCHEME.removesuffix('://'),
)


def image_root(folder: str | os.PathLike) -> str:
    """Return what precedes the name of an image of a folder in its path.

    Args:
        folder: A local folder, of files or of shards.
    """
    return (SCHEME if has_shards(folder) else '') + os.fspath(folder)
