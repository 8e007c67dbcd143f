from collections.abc import Sequence

from hirl_mm.structures.name_column import NameColumn

from .compact_images import CompactImages
from .image_table import ImageTable


class PathImages(CompactImages):
    """Images of given files, without labels, in the given order.

    Args:
        paths: Paths of the files.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = NameColumn(paths)
        super().__init__(data_root='.', with_label=False)

    def load_table(self) -> ImageTable:
        return ImageTable(self.paths)
