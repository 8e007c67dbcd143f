"""Trees of features that training computed, through real Runners."""

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS
from PIL import Image
from torch.utils.data import DataLoader

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.engine.features.bank_pass import bank_features, bank_for
from hirl_mm.engine.features.feature_pass import feature_loader, feature_pass
from hirl_mm.features import FeatureBank
from tests.algorithms import build
from tests.processes import run_processes
from tests.runs import NUM_IMAGES, NUMS, run, small_config

SCHEDULE = dict(num_restarts=(1, 5, 5), tol=1e-3)


class Bystander(Hook):
    """Keeps what the bank held when an epoch ended, and what was extracted."""

    def __init__(self):
        self.banks, self.trees, self.extracted = {}, {}, {}

    def before_train(self, runner):
        model = runner.model
        extract = model.extract_z0

        def noting(images):
            found = extract(images)
            self.extracted.setdefault(runner.epoch, []).append(found.clone())
            return found

        model.extract_z0 = noting

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        bank = runner.model.bank
        if bank is not None:
            rows = [t.clone() for t in bank.rows()]
            self.banks[runner.epoch + 1] = rows

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.trees[runner.epoch] = runner.model.tree


def run_with_bank(digits, work_dir, batch_size=64, **options):
    cfg = small_config(
        digits, work_dir, mode='bank', num_restarts=None, **options
    )
    cfg.train_dataloader.batch_size = batch_size
    seen = Bystander()
    run(cfg, seen)
    return seen


@pytest.fixture(scope='module')
def seen(digits, tmp_path_factory):
    """96 images in batches of 64: 32 are left out in every epoch."""
    work_dir = tmp_path_factory.mktemp('bank')
    return run_with_bank(digits, work_dir, epochs=4, cold_interval=2)


def test_only_missing_images_pass_through_the_network(seen):
    counts = {e: sum(map(len, rows)) for e, rows in seen.extracted.items()}
    assert counts == {0: 32, 1: 32, 2: 32}


def test_trees_are_those_of_the_banks(seen):
    """Every second one starts cold, the other from the tree before."""
    assert seen.trees[0] is None
    for epoch in (1, 2, 3):
        sample_idx, features = seen.banks[epoch]
        assert len(sample_idx.unique()) == len(sample_idx) == 64
        held = set(sample_idx.tolist())
        missing = [i for i in range(NUM_IMAGES) if i not in held]
        expected = hierarchical_kmeans(
            torch.cat([features, *seen.extracted[epoch - 1]]),
            NUMS,
            start=seen.trees[1] if epoch == 2 else None,
            sample_idx=torch.cat([sample_idx, torch.tensor(missing)]),
            **SCHEDULE,
        )
        assert torch.equal(seen.trees[epoch].leaf, expected.leaf)
        for mine, theirs in zip(
            seen.trees[epoch].centroids, expected.centroids, strict=True
        ):
            torch.testing.assert_close(mine, theirs)


def test_rows_are_those_of_the_epoch_before(seen):
    first, second = (
        F.normalize(seen.banks[epoch][1][seen.banks[epoch][0].argsort()])
        for epoch in (2, 3)
    )
    assert first.shape == second.shape
    assert not torch.allclose(first, second, atol=1e-3)


def test_the_bank_is_filled_only_before_a_tree(digits, tmp_path):
    seen = run_with_bank(digits, tmp_path, epochs=6, start_epoch=2, interval=3)
    assert sorted(seen.banks) == [2, 5]
    assert seen.trees[2] is seen.trees[4] is not seen.trees[5]


def test_no_image_is_missing_and_none_is_extracted(digits, tmp_path):
    seen = run_with_bank(digits, tmp_path, batch_size=32, epochs=3)
    assert seen.extracted == {}
    assert seen.trees[2].num_prototypes == NUMS


def test_first_tree_after_a_resume_is_of_a_whole_pass(digits, tmp_path):
    options = dict(mode='bank', num_restarts=None)
    run(small_config(digits, tmp_path, epochs=2, **options))
    cfg = small_config(digits, tmp_path, epochs=4, **options)
    cfg.resume = True
    seen = Bystander()
    run(cfg, seen)
    counts = {e: sum(map(len, rows)) for e, rows in seen.extracted.items()}
    assert counts == {2: NUM_IMAGES}
    assert seen.trees[3] is not seen.trees[2]


def test_a_tree_before_any_training_is_of_a_whole_pass(digits, tmp_path):
    seen = run_with_bank(digits, tmp_path, epochs=2, start_epoch=0)
    counts = {e: sum(map(len, rows)) for e, rows in seen.extracted.items()}
    assert counts == {0: NUM_IMAGES + 32}


def write_pictures(root, num):
    pixels = np.random.default_rng(0).integers(0, 256, (num, 32, 32, 3))
    for i, image in enumerate(pixels.astype(np.uint8)):
        Image.fromarray(image).save(root / f'{i:02}.png')


def model_and_loader(root):
    torch.manual_seed(0)
    preprocessor = dict(type='SelfSupDataPreprocessor', mean=[127.5] * 3)
    model = build(
        'SimSiam',
        hirl=True,
        data_preprocessor=dict(preprocessor, std=[127.5] * 3),
    )
    init_default_scope('mmpretrain')
    pipeline = [dict(type='hirl_mm.LoadImage'), dict(type='PackInputs')]
    dataset = DATASETS.build(
        dict(
            type='CustomDataset',
            data_root=root,
            with_label=False,
            pipeline=pipeline,
        )
    )
    return model, feature_loader(dataset, None, 2, num_workers=0)


def complete(rank, root, num, num_missing):
    """Rank 1 has a sample of rank 0's too; the last ones have none."""
    torch.manual_seed(0)
    model, loader = model_and_loader(root)
    rows = torch.randn(num, model.spd_head.in_channels)
    bank = FeatureBank(num)
    held = torch.arange(rank, num - num_missing, 2)
    if rank == 1:
        held = torch.cat([held, torch.tensor([0])])
    bank.add(held, rows[held])
    sample_idx, features = bank_features(bank, model, loader, 'test')
    assert len(bank) == len(held) + len(range(rank, num_missing, 2))
    of_ranks = [None, None]
    dist.all_gather_object(of_ranks, (sample_idx, features))
    sample_idx, features = map(torch.cat, zip(*of_ranks, strict=True))
    assert sorted(sample_idx.tolist()) == list(range(num))
    features = features[sample_idx.argsort()]
    assert torch.equal(
        features[: num - num_missing], rows[: num - num_missing]
    )
    passed = torch.zeros(num, features.size(1))
    idx, found = feature_pass(model, model.extract_z0, loader, 'test')
    passed[idx] = found
    dist.all_reduce(passed)
    torch.testing.assert_close(
        features[num - num_missing :], passed[num - num_missing :]
    )


@pytest.mark.parametrize('num_missing', [0, 1, 5])
def test_two_processes_share_the_missing(num_missing, tmp_path):
    write_pictures(tmp_path, 11)
    run_processes(complete, 2, str(tmp_path), 11, num_missing)


def test_broken_rows_are_named(tmp_path):
    write_pictures(tmp_path, 6)
    model, loader = model_and_loader(str(tmp_path))
    bank = FeatureBank(6)
    rows = torch.ones(6, model.spd_head.in_channels)
    rows[3] = float('nan')
    bank.add(torch.arange(6), rows)
    with pytest.raises(ValueError, match=r'1 of 6 rows.*\[3\].*03.png'):
        bank_features(bank, model, loader, 'test')


def test_a_bank_needs_a_batch_size():
    loader = DataLoader(range(4), batch_sampler=[[0, 1, 2], [3]])
    with pytest.raises(ValueError, match='a list does not tell.*other than'):
        bank_for(loader)
    assert bank_for(DataLoader(range(4), batch_size=3)).capacity == 9
