import os
from dataclasses import dataclass

import torch
from torch import Tensor

from hirl_mm.files import replacing
from hirl_mm.files.plain_file import load_plain

# Files of earlier versions do not have this key.
_OPTIONAL = frozenset({'run'})
_KEYS = _OPTIONAL | {'neighbors', 'data'}


@dataclass(frozen=True, eq=False)
class NeighborTable:
    """Nearest neighbours of every image of a data set.

    The candidates for positives of `CsMl <https://arxiv.org/abs/2012.02733>`_
    (section 3.2). An image without features, because it could not be read, is
    its own only neighbour, and no neighbour of another image.

    Args:
        neighbors: (N, k) long, the ``k`` nearest images of every image, the
            most similar first, in the order of the sample indices.
        data: Identity of the N images in their order, see
            :func:`~hirl_mm.engine.features.fingerprint.data_identity`; empty
            if unknown.
        run: Name of the training that found them, the ``experiment_name`` of
            its first start; empty if unknown.

    Raises:
        ValueError: If ``neighbors`` is not an (N, k) table of images.

    Example:
        >>> table = NeighborTable(torch.tensor([[1, 2], [0, 2], [1, 0]]))
        >>> table.num_images, table.k
        (3, 2)
    """

    neighbors: Tensor
    data: str = ''
    run: str = ''

    def __post_init__(self) -> None:
        table = self.neighbors
        if table.ndim != 2 or table.dtype != torch.long or not table.numel():
            raise ValueError(
                'neighbors must be a long tensor (N, k), got '
                f'{table.dtype} of shape {tuple(table.shape)}'
            )
        low, high = (int(end) for end in table.aminmax())
        if low < 0 or high >= len(table):
            raise ValueError(
                f'neighbors of {len(table)} images must be numbers from 0 to '
                f'{len(table) - 1}, got {low} to {high}'
            )

    @property
    def num_images(self) -> int:
        """Number of images N."""
        return len(self.neighbors)

    @property
    def k(self) -> int:
        """Number of neighbours of every image."""
        return self.neighbors.size(1)

    @property
    def without_neighbors(self) -> Tensor:
        """(N,) bool, images that have no neighbour but themselves."""
        own = torch.arange(self.num_images, device=self.neighbors.device)
        return (self.neighbors == own[:, None]).all(1)

    def state_dict(self) -> dict:
        """Return the table as a tensor on the CPU and strings."""
        # A million images with ten neighbours are 40 MB instead of 80.
        neighbors = self.neighbors.cpu().int()
        return dict(neighbors=neighbors, data=self.data, run=self.run)

    @classmethod
    def from_state_dict(cls, state: dict) -> 'NeighborTable':
        """Build a table from a :meth:`state_dict`."""
        neighbors = state['neighbors'].long()
        return cls(neighbors, state['data'], state.get('run', ''))

    def save(self, path: str | os.PathLike) -> None:
        """Write the table to the file ``path``, replacing it atomically."""
        with replacing(path) as temporary:
            torch.save(self.state_dict(), temporary)

    @classmethod
    def load(cls, path: str | os.PathLike) -> 'NeighborTable':
        """Read a table from a file that :meth:`save` wrote.

        Args:
            path: Path of the file.

        Raises:
            BrokenFileError: If the file is incomplete or damaged.
            ValueError: If the file does not hold a table.
        """
        state = load_plain(path)
        if not isinstance(state, dict) or set(state) | _OPTIONAL != _KEYS:
            found = sorted(state) if isinstance(state, dict) else type(state)
            raise ValueError(
                f'{path} is not a file of nearest neighbours: expected the '
                f'keys {sorted(_KEYS)}, got {found}'
            )
        return cls.from_state_dict(state)
