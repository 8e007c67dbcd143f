"""Candidates trained and compared in this process."""

import copy
import uuid
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import MessageHub

from hirl_mm.checkpoints import UntrustedCheckpointError
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.engine.evaluation.held_out_loss import held_out_loss
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.labelled_data import paths_of
from hirl_mm.registry import DATASETS
from hirl_mm.structures import PrototypeTree
from hirl_mm.studies.search import (
    Candidate,
    candidate_configs,
    evaluate_run,
    plan_search,
)
from tests.hostile_files import add_code
from tests.runs import NUM_IMAGES, ROOT, run, small_config

CANDIDATE = Candidate((10, 4), 7)
NUM_HELD_OUT = 32


class Seen(Hook):
    """The files of the images that were trained on."""

    def __init__(self):
        self.paths = set()

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        samples = data_batch['data_samples']
        self.paths |= {sample.img_path for sample in samples}


def simsiam(digits, work_dir):
    """HIRL-SimSiam, whose loss falls within seconds."""
    small = small_config(digits, work_dir, epochs=5)
    cfg = Config.fromfile(
        ROOT / 'configs/debug/hirl-simsiam_resnet18_1xb64-4e_digits.py'
    )
    small.model = cfg.model
    small.model.backbone.update(base_channels=8, stem_channels=8)
    small.model.neck.in_channels = 64
    small.param_scheduler = []
    return small


@pytest.fixture(scope='module')
def trained(digits, tmp_path_factory):
    """Config and folder of a candidate's run, and the files it saw."""
    folder = tmp_path_factory.mktemp('candidate')
    cfg = simsiam(digits, folder)
    (cfg,) = candidate_configs(cfg, [CANDIDATE], NUM_HELD_OUT, 3).values()
    seen = Seen()
    run(cfg, seen)
    return cfg, folder, seen.paths


def test_held_out_images_are_not_trained_on(trained):
    cfg, folder, seen = trained
    held_out = DATASETS.build(
        dict(cfg.train_dataloader.dataset, held_out=True)
    )
    held_out = set(paths_of(held_out))
    assert len(held_out) == NUM_HELD_OUT
    assert not seen & held_out
    whole = cfg.train_dataloader.dataset.dataset
    assert seen | held_out == set(paths_of(DATASETS.build(whole)))
    tree = PrototypeTree.load(folder / 'prototype_trees/epoch_5.pth')
    assert len(tree.leaf) == NUM_IMAGES - NUM_HELD_OUT
    assert tree.num_prototypes == (10, 4)


def test_repeated_images_are_split_before_they_are_repeated(digits, tmp_path):
    """As many steps as in the config, but for the held-out images."""
    cfg = simsiam(digits, tmp_path)
    once = cfg.train_dataloader.dataset
    twice = dict(type='RepeatDataset', dataset=once, times=2)
    cfg.train_dataloader.dataset = twice
    (cfg,) = candidate_configs(cfg, [CANDIDATE], NUM_HELD_OUT, 3).values()
    dataset = build_dataset(cfg.train_dataloader.dataset)
    assert len(dataset) == 2 * (NUM_IMAGES - NUM_HELD_OUT)
    split = cfg.train_dataloader.dataset.dataset
    held_out = set(paths_of(DATASETS.build(dict(split, held_out=True))))
    assert len(held_out) == NUM_HELD_OUT
    assert not held_out & set(paths_of(dataset))


def test_training_lowers_the_loss(trained):
    cfg, folder, _ = trained
    found = evaluate_run(cfg, folder, seed=1)
    tree = PrototypeTree.load(folder / 'prototype_trees/epoch_5.pth')
    data = dict(cfg.train_dataloader.dataset, held_out=True)
    args = (
        *(tree, DATASETS.build(data), cfg.default_hooks.kmeans.pipeline),
        *(32, 0, 1),
    )
    untrained = held_out_loss(load_pretrained(cfg, None), *args)
    for loss, value in found.items():
        assert value < untrained[loss] - 0.05, loss
    last = load_pretrained(cfg, str(folder / 'epoch_5.pth'))
    assert held_out_loss(last, *args) == found


def test_losses_know_how_far_the_training_was(trained):
    cfg, folder, _ = trained
    hub = MessageHub.get_instance(uuid.uuid4().hex)
    evaluate_run(cfg, folder, seed=1)
    assert MessageHub.get_current_instance() is hub
    assert hub.get_info('max_iters') == 5 * (NUM_IMAGES - NUM_HELD_OUT) // 32
    assert hub.get_info('epoch') == 4


def test_run_without_a_tree(digits, tmp_path):
    cfg = small_config(digits, tmp_path, epochs=1, start_epoch=0)
    (cfg,) = candidate_configs(cfg, [CANDIDATE], NUM_HELD_OUT, 0).values()
    without = cfg.copy()
    del without.default_hooks.kmeans
    run(without)
    with pytest.raises(ValueError, match=r'epoch_1.pth holds no tree'):
        evaluate_run(cfg, tmp_path, 0)


def test_checkpoint_that_could_run_code(trained, tmp_path):
    cfg, folder = trained[:2]
    last = Path((folder / 'last_checkpoint').read_text()).name
    add_code(folder / last, tmp_path / 'code_ran', tmp_path / last)
    (tmp_path / 'last_checkpoint').write_text(last)
    with pytest.raises(UntrustedCheckpointError):
        evaluate_run(cfg, tmp_path, seed=1)
    assert not (tmp_path / 'code_ran').exists()
    found = evaluate_run(cfg, tmp_path, seed=1, trust=True)
    assert found == evaluate_run(cfg, folder, seed=1)


def test_configs_of_candidates(digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    before = cfg.pretty_text
    others = Candidate((9, 3), 5), Candidate((9, 4), 6)
    configs = candidate_configs(cfg, others, 64, 8)
    assert list(configs) == list(others)
    assert cfg.pretty_text == before
    for candidate, found in configs.items():
        hook, head = found.default_hooks.kmeans, found.model.spd_head
        assert hook.num_prototypes == candidate.num_prototypes
        assert head.num_negatives == candidate.num_negatives
        assert head.num_levels == 2
        data = found.train_dataloader.dataset
        assert (data.num_held_out, data.seed) == (64, 8)
        assert data.dataset == cfg.train_dataloader.dataset
    assert candidate.name == 'm9-4_neg6'


@pytest.mark.parametrize(
    ('candidates', 'num_held_out', 'message'),
    [
        ([((12, 4), 5), ((12, 4, 2), 5)], 32, r'have \[2, 3\] levels'),
        ([((12, 4), 5), ((4, 12), 5)], 32, 'strictly decrease'),
        ([((12, 4), 5), ((1,) * 2, 5)], 32, 'strictly decrease'),
        ([((1,), 5)], 32, 'at least 2 prototypes'),
        ([((12, 4), 0)], 32, 'at least 1 negative path'),
        ([((12, 4), 5)], 50, 'multiple of the batch size 32, got 50'),
        ([((12, 4), 5)], 96, '96 of 96 images cannot be held out'),
        ([((12, 4), 5), ((33, 4), 5)], 64, '33 clusters of 32 images'),
    ],
)
def test_unfit_searches(candidates, num_held_out, message, digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    candidates = [Candidate(*numbers) for numbers in candidates]
    with pytest.raises(ValueError, match=message):
        candidate_configs(cfg, candidates, num_held_out, 0)


def test_config_without_hirl(digits, tmp_path):
    plain = small_config(digits, tmp_path, hirl=False)
    headless = small_config(digits, tmp_path)
    headless.model.pop('spd_head')
    hookless = small_config(digits, tmp_path)
    del hookless.default_hooks.kmeans
    for cfg in (plain, headless, hookless):
        with pytest.raises(ValueError, match='digits.py is no config of HIRL'):
            candidate_configs(cfg, [CANDIDATE], NUM_HELD_OUT, 0)


def test_plan(digits, tmp_path):
    """Its configs are written, and those of other settings stay."""
    cfg = small_config(digits, tmp_path)
    other = Candidate((9, 4), 6)
    configs = {CANDIDATE: cfg, other: copy.deepcopy(cfg)}
    for _ in range(2):
        first, second = plan_search(configs, tmp_path / 'search', 3)
    assert (first.key, second.key) == (CANDIDATE, other)
    assert second.folder == tmp_path / 'search/m9-4_neg6'
    (reseeded, _) = plan_search(configs, tmp_path / 'reseeded', 4)
    assert first.settings != reseeded.settings
    assert Config.fromfile(first.config).pretty_text == cfg.pretty_text
    for changed in other, CANDIDATE:
        configs[changed].train_cfg.max_epochs = 17
        with pytest.raises(ValueError, match='is of a search with other'):
            plan_search(configs, tmp_path / 'search', 3)
        for run_ in first, second:
            assert Config.fromfile(run_.config).train_cfg.max_epochs == 2
