"""Positives of CsMl in real trainings: where they come from, and resuming."""

import copy
import re
import shutil

import pytest
import torch
from mmengine.hooks import Hook

from hirl_mm.engine.features.feature_pass import feature_loader, feature_pass
from hirl_mm.engine.features.fingerprint import data_identity
from hirl_mm.engine.hooks import NeighborBankHook
from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
from hirl_mm.features import nearest_neighbors
from hirl_mm.models.modules import pooled
from hirl_mm.structures import NeighborTable, PrototypeTree
from tests.csml_runs import NUM_IMAGES, STEPS, K, Pairs, csml_config
from tests.processes import run_processes
from tests.runs import run
from tests.step_hooks import Seeds

LOAD = dict(type='hirl_mm.LoadImage', ignore_empty=True)


class ByHand(Hook):
    """Neighbours of the trained network and of its average before epochs."""

    def __init__(self):
        self.found = {}

    def before_train_epoch(self, runner):
        model = copy.deepcopy(runner.model)
        loader = feature_loader(
            runner.train_dataloader.dataset,
            runner.cfg.default_hooks.neighbors.pipeline,
            8,
            0,
        )
        for name, network in (
            ('query', model.backbone),
            ('key', model.key_backbone),
        ):
            _, features = feature_pass(
                model, lambda x, n=network: pooled(n(x)[-1]), loader, 'test'
            )
            found = nearest_neighbors(features.double(), K)
            self.found[runner.epoch, name] = found


@pytest.fixture(scope='module')
def whole(digits, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('csml')
    hooks = ByHand(), Pairs()
    cfg = csml_config(digits, work_dir, max_keep_files=1)
    cfg.log_level = 'INFO'
    runner = run(cfg, Seeds(), *hooks)
    return runner, work_dir, *hooks


def stored(work_dir, epoch):
    path = work_dir / f'epoch_{epoch}.pth'
    state = torch.load(path, weights_only=False)['nearest_neighbors']
    return NeighborTable.from_state_dict(state)


def test_neighbors_are_those_of_the_features_when_a_pass_is_due(whole):
    runner, work_dir, by_hand, _ = whole
    identity = data_identity(runner.train_dataloader.dataset)
    for epoch, searched in ((1, 0), (2, 0), (3, 2), (4, 2)):
        table = stored(work_dir, epoch)
        assert torch.equal(table.neighbors, by_hand.found[searched, 'query'])
        assert table.data == identity != ''
    assert not torch.equal(
        by_hand.found[0, 'query'], by_hand.found[2, 'query']
    )


def test_positives_are_neighbors(whole):
    _, work_dir, _, pairs = whole
    for epoch, groups in pairs.seen.items():
        table = stored(work_dir, epoch + 1).neighbors
        assert len(groups) == STEPS * 16
        assert len({anchor for anchor, _ in groups}) == len(groups)
        assert all(p in table[a].tolist() for a, p in groups)
    assert pairs.seen[0] != pairs.seen[1]


def test_log_and_files(whole):
    runner, work_dir, by_hand, _ = whole
    (file,) = (work_dir / 'neighbors').iterdir()
    assert file.name == 'epoch_3.pth'
    table = NeighborTable.load(file)
    assert table.run == runner.experiment_name
    assert torch.equal(table.neighbors, by_hand.found[2, 'query'])
    (log,) = work_dir.glob('*/*.log')
    lines = re.findall(r'CsMl neighbours of epoch (\d): (.*)', log.read_text())
    first, second = by_hand.found[0, 'query'], by_hand.found[2, 'query']
    kept = sum(
        len(set(a) & set(b))
        for a, b in zip(first.tolist(), second.tolist(), strict=True)
    )
    kept = 100 * kept / NUM_IMAGES / K
    assert [epoch for epoch, _ in lines] == ['1', '3']
    assert 'as before' not in lines[0][1] and 'extract' in lines[0][1]
    assert f'{kept:.1f}% of the neighbours as before' in lines[1][1]


def test_neighbors_of_the_moving_average(digits, tmp_path):
    by_hand = ByHand()
    run(csml_config(digits, tmp_path, epochs=3, encoder='key'), by_hand)
    found = stored(tmp_path, 3).neighbors
    assert torch.equal(found, by_hand.found[2, 'key'])
    assert not torch.equal(found, by_hand.found[2, 'query'])


class Stop(Hook):
    """After the third epoch, whose neighbours are of the same search."""

    def after_train_epoch(self, runner):
        if runner.epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize('name', ['csml', 'csml-byol', 'hirl-csml-tree'])
def test_a_resumed_run_is_the_uninterrupted_one(name, whole, digits, tmp_path):
    """Networks, averages, queues and pairs, bit by bit."""
    pairs = whole[3], Pairs()
    expected = whole[0]
    if name != 'csml':
        pairs = Pairs(), Pairs()
        cfg = csml_config(digits, tmp_path / 'whole', name=name)
        expected = run(cfg, Seeds(), pairs[0])
    cfg = csml_config(digits, tmp_path / 'parts', name=name)
    with pytest.raises(KeyboardInterrupt):
        run(cfg, Seeds(), Stop())
    cfg = csml_config(digits, tmp_path / 'parts', name=name)
    cfg.resume = True
    resumed = run(cfg, Seeds(), pairs[1])
    assert resumed.iter == expected.iter == 4 * STEPS
    assert pairs[1].seen == {3: pairs[0].seen[3]}
    one, other = expected.model.state_dict(), resumed.model.state_dict()
    assert one.keys() == other.keys()
    for key in one:
        assert torch.equal(one[key], other[key]), key


def turn(cfg):
    cfg.train_dataloader.dataset.indices.reverse()


def fewer(cfg):
    cfg.train_dataloader.dataset.indices = list(range(40))


def other_k(cfg):
    cfg.default_hooks.neighbors.k = 3


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (turn, 'a nearest_neighbors of other images'),
        (fewer, '4 neighbours of each of 50 images, not 4 of 40'),
        (other_k, '4 neighbours of each of 50 images, not 3 of 50'),
    ],
)
def test_neighbors_that_do_not_fit_are_searched_anew(
    change, reason, whole, digits, tmp_path
):
    cfg = csml_config(digits, tmp_path)
    cfg.resume, cfg.load_from = True, str(whole[1] / 'epoch_3.pth')
    change(cfg)
    run(cfg)
    (log,) = tmp_path.glob('*/*.log')
    (line,) = (x for x in log.read_text().splitlines() if 'anew' in x)
    assert reason in line
    table = stored(tmp_path, 4)
    assert table.k == cfg.default_hooks.neighbors.k


def test_two_positives_are_different_neighbors(digits, tmp_path):
    pairs = Pairs()
    cfg = csml_config(digits, tmp_path, epochs=1)
    cfg.model.num_positives = 2
    cfg.train_dataloader.sampler.num_positives = 2
    cfg.train_dataloader.batch_size = 48
    run(cfg, pairs)
    table = stored(tmp_path, 1).neighbors
    assert len(pairs.seen[0]) == STEPS * 16
    for anchor, *positives in pairs.seen[0]:
        assert len(set(positives)) == 2
        assert set(positives) <= set(table[anchor].tolist())


def test_positives_from_the_tree(digits, tmp_path):
    """From the second epoch on; before, nearest neighbours."""
    for level in (0, 1):
        pairs, work_dir = Pairs(), tmp_path / f'level{level}'
        cfg = csml_config(digits, work_dir, name='hirl-csml-tree', epochs=3)
        cfg.default_hooks.tree_positives.level = level
        runner = run(cfg, pairs)
        table = stored(work_dir, 1).neighbors
        assert all(p in table[a].tolist() for a, p in pairs.seen[0])
        for epoch in (1, 2):
            file = work_dir / f'prototype_trees/epoch_{epoch + 1}.pth'
            labels = PrototypeTree.load(file).labels(level)
            alone = labels.bincount()[labels] == 1
            groups = pairs.seen[epoch]
            assert all(labels[a] == labels[p] for a, p in groups)
            assert all(alone[a] == (a == p) for a, p in groups)
            finer = runner.model.tree.num_prototypes[level]
            assert len({int(labels[a]) for a, _ in groups}) == finer


def test_images_that_cannot_be_read(digits, tmp_path):
    root = tmp_path / 'digits'
    shutil.copytree(digits, root)
    pairs, broken = Pairs(), (0, 20, 49)
    cfg = csml_config(root, tmp_path / 'run', epochs=2)
    images = cfg.train_dataloader.dataset
    images.pipeline[0] = cfg.default_hooks.neighbors.pipeline[0] = LOAD
    files = sorted((root / images.data_prefix).glob('*/*'))
    for number in broken:
        files[images.indices[number]].write_bytes(b'no image')
    run(cfg, pairs)
    table = stored(tmp_path / 'run', 2)
    left_out = table.without_neighbors.nonzero()[:, 0].tolist()
    assert left_out == list(broken)
    present = [i for i in range(NUM_IMAGES) if i not in broken]
    assert not set(table.neighbors[present].unique().tolist()) & set(broken)
    for anchor, positive in [g for e in pairs.seen.values() for g in e]:
        assert positive in table.neighbors[anchor].tolist()
        assert anchor not in broken


def on_rank(rank, digits, folder):
    cfg = csml_config(digits, f'{folder}/run', epochs=2)
    cfg.launcher = 'pytorch'
    cfg.train_dataloader.batch_size = 16
    fit_to_cpu(cfg)
    (hook,) = (h for h in run(cfg).hooks if isinstance(h, NeighborBankHook))
    torch.save(hook.result_state(None), f'{folder}/{rank}.pth')


def test_all_ranks_have_the_same_neighbors(digits, tmp_path):
    run_processes(on_rank, 2, str(digits), str(tmp_path))
    tables = [torch.load(tmp_path / f'{rank}.pth') for rank in range(2)]
    assert torch.equal(*(t['neighbors'] for t in tables))
    assert tables[0]['neighbors'].shape == (NUM_IMAGES, K)
    # The first pass is of initial weights, which are those of one process.
    by_hand = ByHand()
    run(csml_config(digits, tmp_path / 'alone', epochs=1), by_hand)
    assert torch.equal(
        tables[0]['neighbors'].long(), by_hand.found[0, 'query']
    )


def plain_sampler(cfg):
    cfg.train_dataloader.sampler = dict(type='DefaultSampler', shuffle=True)


def another_number(cfg):
    cfg.train_dataloader.sampler.num_positives = 2


def no_source(cfg):
    del cfg.default_hooks.neighbors


def odd_batch(cfg):
    cfg.train_dataloader.batch_size = 25


def queue(cfg):
    cfg.model.queue_len = 40


def many_positives(cfg):
    cfg.model.num_positives = cfg.train_dataloader.sampler.num_positives = 3
    cfg.default_hooks.neighbors.k = 2


def many_neighbors(cfg):
    cfg.default_hooks.neighbors.k = NUM_IMAGES


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (plain_sampler, 'NeighborPairSampler, but .* a DefaultSampler'),
        (another_number, 'num_positives=1, but .* num_positives=2'),
        (no_source, 'gets no positives: add neighbors='),
        (odd_batch, '25 images does not consist .* multiple of 2'),
        (queue, 'queue_len=40 must be a multiple of the 16 images'),
        (many_positives, 'draws 3 different positives from k=2'),
        (many_neighbors, 'more than k=50 images.* got 50: use a smaller'),
    ],
)
def test_what_does_not_fit_is_said_before_the_first_step(
    change, text, digits, tmp_path
):
    pairs = Pairs()
    cfg = csml_config(digits, tmp_path)
    change(cfg)
    with pytest.raises(ValueError, match=text):
        run(cfg, pairs)
    assert not pairs.seen


def test_another_model_has_no_moving_average(digits, tmp_path):
    cfg = csml_config(digits, tmp_path, encoder='key')
    cfg.model.type = 'MoCo'
    for name in ('mix', 'branches'):
        cfg.model.pop(name)
    with pytest.raises(ValueError, match='MoCo has no key_backbone'):
        run(cfg)


def test_tree_positives_need_a_tree(digits, tmp_path):
    cfg = csml_config(digits, tmp_path)
    tree = dict(type='hirl_mm.TreePositivesHook')
    cfg.default_hooks.tree_positives = tree
    with pytest.raises(ValueError, match='but the model is a CsMl: use'):
        run(cfg)
    cfg = csml_config(digits, tmp_path / 'b', name='hirl-csml-tree')
    cfg.default_hooks.tree_positives.level = 3
    with pytest.raises(ValueError, match='between 0 and 2.*got 3'):
        run(cfg)


@pytest.mark.parametrize(
    ('options', 'text'),
    [
        (dict(k=0), 'at least 1, got 0; for k = 0 .* own_positives=True'),
        (dict(encoder='both'), "'query' or 'key', got 'both'"),
        (dict(interval=0), 'interval at least 1'),
    ],
)
def test_arguments(options, text):
    with pytest.raises(ValueError, match=text):
        NeighborBankHook(pipeline=[], **options)


def test_own_positives_need_no_hook(digits, tmp_path):
    pairs = Pairs()
    cfg = csml_config(digits, tmp_path, epochs=1)
    cfg.train_dataloader.sampler.own_positives = True
    del cfg.default_hooks.neighbors
    run(cfg, pairs)
    assert all(anchor == positive for anchor, positive in pairs.seen[0])
