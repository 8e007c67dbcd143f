"""Features of all samples from a bank that training has filled."""

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from hirl_mm.engine.runtime.batch_size import batch_size_of
from hirl_mm.features import FeatureBank
from hirl_mm.features.shard import absent_samples, share_of_this_rank
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.ranks import rank_and_world_size

from .feature_pass import (
    evaluation_pass,
    feature_pass,
    named_by_path,
    normalized_images,
)
from .image_reading import ImageLoader, readable_batches


def bank_for(loader: DataLoader) -> FeatureBank:
    """Return an empty bank for one epoch of a training loader on this rank.

    Its capacity is one batch more than the epoch has: the samples of a
    dropped last batch are added after the epoch.

    Args:
        loader: Training loader.

    Raises:
        ValueError: If its batch size is not known.
    """
    batch_size = batch_size_of(loader)
    if batch_size is None:
        raise ValueError(
            'a bank for the features of an epoch needs the batch size, which '
            f'a {type(loader.batch_sampler).__name__} does not tell: give it '
            'a batch_size, or use a mode of HierarchicalKMeansHook other than '
            "'bank'"
        )
    return FeatureBank((len(loader) + 1) * batch_size)


@torch.no_grad()
def bank_features(
    bank: FeatureBank, model: HIRLAlgorithm, loader: ImageLoader, what: str
) -> tuple[Tensor, Tensor]:
    """Return the features of all samples, most of them from a bank.

    Samples that are missing from the bank pass through the model. If too
    many are missing, for example after a resume, all samples do.

    Args:
        bank: Bank that training has filled; missing samples are added to it.
        model: Model that extracts the features of missing samples, in
            evaluation mode during the pass.
        loader: Loader of all samples, from
            :func:`~hirl_mm.engine.features.feature_pass.feature_loader`.
        what: Name of the pass in log lines and errors.

    Returns:
        Sample indices (n,) and features (n, D) of this rank. Images that
        cannot be read and that the pipeline ignores are left out, with a
        warning that names them.

    Raises:
        FeaturePassError: If features are NaN or infinite.
        OSError: If an image cannot be read and the pipeline does not ignore
            it.
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
                rest = _loader_of(loader, share.tolist())
                for batch in readable_batches(rest):
                    numbers = [s.sample_idx for s in batch['data_samples']]
                    images = normalized_images(model, batch)
                    bank.add(torch.tensor(numbers), model.extract_z0(images))
        sample_idx, features = bank.kept(num)
    left_out = absent_samples(sample_idx, num).tolist()
    loader.dataset.note_unreadable(left_out, what)
    return sample_idx, features


def _loader_of(loader: DataLoader, sample_idx: list[int]) -> DataLoader:
    """Return a loader with the same settings for some of the samples."""
    return DataLoader(
        loader.dataset,
        batch_size=loader.batch_size,
        num_workers=loader.num_workers,
        sampler=sample_idx,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
        generator=torch.Generator(),
    )
