"""Rows of a feature bank in a checkpoint, for a run that stops in an epoch."""

import torch
from torch import Tensor

from hirl_mm.features import FeatureBank
from hirl_mm.ranks import gather_to_first, rank_and_world_size

# Entry of checkpoints that are saved inside an epoch.
BANK_KEY = 'feature_bank'
# Sample indices (n,) and features (n, D) of every rank.
BankState = list[tuple[Tensor, Tensor]]


def gather_bank(bank: FeatureBank) -> BankState | None:
    """Return the rows of a bank on all ranks, on the CPU.

    A collective call: all ranks must make it.

    Args:
        bank: Bank of this rank, with rows.

    Returns:
        Rows by rank, on rank 0; None on the others.
    """
    return gather_to_first(tuple(rows.cpu() for rows in bank.rows()))


def restore_bank(
    bank: FeatureBank, state: BankState, device: torch.device
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
