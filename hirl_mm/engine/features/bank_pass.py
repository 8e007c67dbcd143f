"""Features of all samples, most of which training has computed already."""

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from hirl_mm.features import FeatureBank
from hirl_mm.features.shard import share_of_this_rank
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.ranks import rank_and_world_size

from .feature_pass import (
    evaluation_pass,
    feature_pass,
    named_by_path,
    normalized_images,
)


def bank_for(loader: DataLoader) -> FeatureBank:
    """A bank for an epoch of a training loader, on this rank.

    It has room for one batch more, since samples of a batch that was dropped
    are added after the epoch.
    """
    return FeatureBank((len(loader) + 1) * loader.batch_sampler.batch_size)


@torch.no_grad()
def bank_features(
    bank: FeatureBank, model: HIRLAlgorithm, loader: DataLoader, what: str
) -> tuple[Tensor, Tensor]:
    """Features of all samples from a bank, and a pass over those it lacks.

    Where the bank lacks too many, as after a run was resumed, all samples
    pass through the model.

    Args:
        bank: Filled by training; the missing samples are added.
        model: See :func:`~hirl_mm.engine.features.feature_pass.feature_pass`.
        loader: See there.
        what: See there.

    Returns:
        As :func:`~hirl_mm.engine.features.feature_pass.feature_pass`.

    Raises:
        FeaturePassError: If features are NaN or infinite.
    """
    num = len(loader.dataset)
    if not len(bank):
        return feature_pass(model, model.extract_z0, loader, what)
    missing = bank.missing(num)
    _, world_size = rank_and_world_size()
    most = -(-len(missing) // world_size)
    if len(bank) + most > bank.capacity:
        return feature_pass(model, model.extract_z0, loader, what)
    with named_by_path(loader.dataset, what):
        if most:
            share, _ = share_of_this_rank(missing)
            with evaluation_pass(model):
                for batch in _loader_of(loader, share.tolist()):
                    sample_idx = [s.sample_idx for s in batch['data_samples']]
                    images = normalized_images(model, batch)
                    bank.add(
                        torch.tensor(sample_idx), model.extract_z0(images)
                    )
        return bank.kept(num)


def _loader_of(loader: DataLoader, sample_idx: list[int]) -> DataLoader:
    """The same loader, of some samples."""
    return DataLoader(
        loader.dataset,
        batch_size=loader.batch_size,
        num_workers=loader.num_workers,
        sampler=sample_idx,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
        generator=torch.Generator(),
    )
