"""Groups of near duplicates, against all pairs in float64."""

import pytest
import torch
import torch.nn.functional as F

from hirl_mm.hierarchy import duplicate_groups
from hirl_mm.hierarchy import near_duplicates as module
from tests.trees import blobs


def all_pairs(rows, threshold):
    """Groups by joining pair after pair."""
    unit = F.normalize(rows.double(), dim=1)
    group = list(range(len(rows)))
    for i, j in (unit @ unit.T >= threshold).nonzero().tolist():
        if unit[i].isfinite().all():
            low, high = sorted((group[i], group[j]))
            group = [low if g == high else g for g in group]
    return group


@pytest.mark.parametrize('threshold', [0.3, 0.9, 0.97])
@pytest.mark.parametrize('num_prototypes', [1, 6, 40])
def test_all_pairs_are_found(threshold, num_prototypes, monkeypatch):
    """For any prototypes: they only save comparisons."""
    monkeypatch.setattr(module, '_BLOCK', 5)
    rows = blobs(90, 4, num_blobs=12, spread=0.15)
    rows[7] = torch.nan
    prototypes = F.normalize(torch.randn(num_prototypes, 4), dim=1)
    found = duplicate_groups(rows, prototypes, threshold)
    assert found.tolist() == all_pairs(rows, threshold)
    assert len(set(found.tolist())) < 90


def test_few_images_are_compared(monkeypatch):
    """Of blobs with a prototype each, almost only those of one leaf."""
    centers = F.normalize(torch.randn(50, 32), dim=1)
    rows = centers.repeat_interleave(20, 0)
    rows = F.normalize(rows + 0.02 * torch.randn(rows.shape), dim=1)
    compared = read = 0
    compare, unit = module._Leaves.compare, module._Leaves.unit

    def counted(self, images, x, others):
        nonlocal compared
        compared += len(images) * len(others)
        return compare(self, images, x, others)

    def reads(self, images):
        nonlocal read
        read += len(images)
        return unit(self, images)

    monkeypatch.setattr(module._Leaves, 'compare', counted)
    monkeypatch.setattr(module._Leaves, 'unit', reads)
    found = duplicate_groups(rows, centers, 0.95)
    assert found.tolist() == all_pairs(rows, 0.95)
    assert compared <= 1.2 * 50 * 20 * 20
    # As images of a leaf and as those that they are compared with.
    assert read <= 2.5 * 50 * 20


def test_copies_across_a_border_and_chains():
    """Nearly the same rows on both sides of two prototypes' border."""
    prototypes = torch.tensor([[1.0, 0], [0, 1]])
    angles = torch.tensor([0.77, 0.785, 0.79, 0.80, 1.2])
    rows = torch.stack([angles.cos(), angles.sin()], 1)
    found = duplicate_groups(rows, prototypes, 0.9998)
    assert found.tolist() == [0, 0, 0, 0, 4]
    assert duplicate_groups(rows, prototypes, 1.0).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_a_thousand_copies_keep_few_pairs():
    rows = torch.ones(3000, 3)
    leaves = module._Leaves(rows, torch.eye(3), 0.99)
    assert leaves.pairs(0).size(1) <= 4 * 3000
    assert not duplicate_groups(rows, torch.eye(3), 0.99).any()


def test_progress_and_errors():
    seen = []

    def progress(leaves):
        for leaf in leaves:
            seen.append(leaf)
            yield leaf

    duplicate_groups(torch.eye(3), torch.eye(3), 0.5, progress)
    assert seen == [0, 1, 2]
    for threshold in (0, 1.1, float('nan')):
        with pytest.raises(ValueError, match='above 0 and at most 1, got'):
            duplicate_groups(torch.eye(3), torch.eye(3), threshold)
