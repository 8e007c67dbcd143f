import torch
from torch import Tensor
from torch.utils.data import DataLoader

from hirl_mm.features import FeatureBank
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.ranks import gather_objects, gather_to_first, rank_and_world_size

from .bank_pass import bank_for

# Entry of checkpoints that are saved inside an epoch.
_KEY = 'feature_bank'
# Sample indices (n,) and features (n, D) of every rank.
_Rows = list[tuple[Tensor, Tensor]]
# Number of rows per rank that are on their way to the first one at a time.
_NUM_AT_ONCE = 8192


class EpochBank:
    """A bank that an epoch fills for the next tree, also across a resume.

    Checkpoints from inside such an epoch hold its rows, with the identity of
    the images that they are numbered as. Rows of other images are left out.

    Attributes:
        bank: Bank of this rank; None before :meth:`create`.
    """

    def __init__(self) -> None:
        self.bank: FeatureBank | None = None
        self._rows: _Rows | None = None
        self._data = ''

    def create(self, loader: DataLoader, data: str) -> None:
        """Create an empty bank.

        Args:
            loader: Loader of the training.
            data: Identity of its images, see
                :func:`~hirl_mm.engine.features.fingerprint.data_identity`.
        """
        self.bank = bank_for(loader)
        if self._data != data:
            self._rows, self._data = None, data

    def is_filling(self) -> bool:
        """Return whether training has added rows in this epoch."""
        return self.bank is not None and len(self.bank) > 0

    def begin_epoch(self, model: HIRLAlgorithm, fills: bool) -> None:
        """Give a model the bank without rows, or with those of a checkpoint.

        Args:
            model: Model that fills the bank.
            fills: Whether this epoch fills it.
        """
        assert self.bank is not None
        self.bank.clear()
        model.set_bank(self.bank if fills else None)
        rows, self._rows = self._rows, None
        if fills and rows is not None:
            restore_bank(self.bank, rows, next(model.parameters()).device)

    def gather(self) -> None:
        """Collect the rows of all ranks for a checkpoint."""
        assert self.bank is not None
        self._rows = gather_bank(self.bank)

    def save_to(self, checkpoint: dict) -> None:
        """Put the rows of :meth:`gather` into a checkpoint."""
        if self._rows is not None:
            checkpoint[_KEY] = dict(rows=self._rows, data=self._data)
            self._rows = None

    def load_from(self, checkpoint: dict) -> None:
        """Take the rows out of a checkpoint, for :meth:`begin_epoch`."""
        stored = checkpoint.pop(_KEY, dict(rows=None, data=''))
        self._rows, self._data = stored['rows'], stored['data']


def gather_bank(bank: FeatureBank) -> _Rows | None:
    """Return the rows of a bank on all ranks, on the CPU.

    A collective call: all ranks must make it.

    Args:
        bank: Bank of this rank, with rows.

    Returns:
        Rows by rank, on rank 0; None on the others.
    """
    mine = sample_idx, features = bank.rows()
    sizes = gather_objects(len(bank))
    rank, _ = rank_and_world_size()
    gathered: _Rows | None = None
    if rank == 0:
        gathered = [
            (_empty_like(sample_idx, size), _empty_like(features, size))
            for size in sizes
        ]
    for start in range(0, max(sizes), _NUM_AT_ONCE):
        # Pickle would write the whole memory of a slice.
        part = tuple(
            r[start : start + _NUM_AT_ONCE].cpu().clone() for r in mine
        )
        for whole, some in zip(
            gathered or (), gather_to_first(part) or (), strict=True
        ):
            for into, rows in zip(whole, some, strict=True):
                into[start : start + len(rows)] = rows
    return gathered


def restore_bank(
    bank: FeatureBank, state: _Rows, device: torch.device
) -> None:
    """Add the rows of a checkpoint to a bank.

    A rank gets the rows that it had. With another number of ranks than
    before, they take turns.

    Args:
        bank: Bank of this rank, without rows.
        state: Rows of :func:`gather_bank`.
        device: Device of the bank.
    """
    rank, world_size = rank_and_world_size()
    sample_idx, features = zip(*state, strict=True)
    if len(state) == world_size:
        rows = sample_idx[rank], features[rank]
    else:
        turn = slice(rank, None, world_size)
        rows = torch.cat(sample_idx)[turn], torch.cat(features)[turn]
    bank.add(*(row.to(device) for row in rows))


def _empty_like(rows: Tensor, num: int) -> Tensor:
    """Return memory on the CPU for a number of such rows."""
    return rows.new_empty(num, *rows.shape[1:], device='cpu')
