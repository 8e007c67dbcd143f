import json
import math
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.clustering import hierarchical_kmeans, moved_shares
from hirl_mm.engine.features.fingerprint import data_identity
from hirl_mm.structures import PrototypeTree
from tests.runs import NUM_IMAGES, NUMS, run, small_config


class Watch(Hook):
    """Calls ``look(runner)`` before every epoch, after the tree was set."""

    def __init__(self, look):
        self.look = look
        self.seen = []

    def before_train_epoch(self, runner):
        self.seen.append(self.look(runner))


class Losses(Hook):
    """Keeps what the model returned, with the epoch."""

    def __init__(self):
        self.seen = []

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        losses = {k: float(v) for k, v in outputs.items()}
        self.seen.append((runner.epoch, losses))


class Watched(NamedTuple):
    runner: Runner
    trees: list
    heads: list
    losses: list
    work_dir: Path


def head_state(runner):
    return {
        k: v.clone() for k, v in runner.model.spd_head.state_dict().items()
    }


def assert_same_tree(first, second):
    assert torch.equal(first.leaf, second.leaf)
    for mine, theirs in zip(first.parents, second.parents, strict=True):
        assert torch.equal(mine, theirs)
    for mine, theirs in zip(first.centroids, second.centroids, strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.fixture(scope='module')
def watched(digits, tmp_path_factory):
    """A run of one epoch without a tree and two with one."""
    work_dir = tmp_path_factory.mktemp('run')
    trees = Watch(lambda r: r.model.tree)
    heads = Watch(head_state)
    losses = Losses()
    cfg = small_config(digits, work_dir, epochs=3)
    runner = run(cfg, trees, heads, losses)
    return Watched(runner, trees.seen, heads.seen, losses.seen, work_dir)


def scalars(work_dir):
    (file,) = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_no_tree_before_its_epoch(watched):
    trees = watched.trees
    assert trees[0] is None
    assert [t.num_prototypes for t in trees[1:]] == [NUMS, NUMS]
    assert trees[1] is not trees[2]
    assert len(trees[1].leaf) == NUM_IMAGES


def test_heads_rest_in_the_first_stage_and_learn_in_the_second(watched):
    runner, heads = watched.runner, watched.heads
    for key, value in heads[0].items():
        assert torch.equal(heads[1][key], value), key
    last = head_state(runner)
    weights = [k for k in last if k.endswith('fc0.weight')]
    assert len(weights) == len(NUMS)
    assert not any(torch.equal(heads[1][k], last[k]) for k in weights)


def test_log_tells_the_two_losses_apart(watched):
    for epoch, losses in watched.losses:
        total = losses['loss_ssl'] + losses.get('loss_spd', 0.0)
        assert losses['loss'] == pytest.approx(total, rel=1e-5)
        assert ('loss_spd' in losses) == (epoch >= 1)
        assert 0 < losses['z0_std'] < 1 / math.sqrt(128) + 0.01
    assert {epoch for epoch, _ in watched.losses} == {0, 1, 2}


def test_summary_of_every_tree_is_logged(watched):
    lines = [s for s in scalars(watched.work_dir) if 'hirl/level0_K' in s]
    assert [line['step'] for line in lines] == [2, 3]
    tree = watched.trees[2].summary()
    assert lines[1]['hirl/level1_objective'] == tree[1]['objective']
    assert lines[1]['hirl/level2_largest_share'] == pytest.approx(
        tree[2]['largest_share']
    )
    assert lines[1]['hirl/level0_used'] == tree[0]['used']
    assert lines[1]['hirl/level0_size_entropy'] == pytest.approx(
        tree[0]['size_entropy']
    )
    assert 'hirl/level0_moved_share' not in lines[0]
    moved = moved_shares(*watched.trees[1:])
    for level, share in enumerate(moved):
        assert lines[1][f'hirl/level{level}_moved_share'] == share
    assert 0 < lines[1]['hirl/feature_spread'] <= 1
    assert lines[1]['hirl/seconds_extract'] > 0
    assert lines[1]['hirl/seconds_cluster'] > 0


def test_tree_travels_in_the_checkpoint_and_in_files(watched):
    trees, work_dir = watched.trees, watched.work_dir
    first = torch.load(work_dir / 'epoch_1.pth', weights_only=False)
    assert 'prototype_tree' not in first
    for epoch in (2, 3):
        checkpoint = torch.load(
            work_dir / f'epoch_{epoch}.pth', weights_only=False
        )
        stored = PrototypeTree.from_state_dict(checkpoint['prototype_tree'])
        assert_same_tree(stored, trees[epoch - 1])
        file = work_dir / f'prototype_trees/epoch_{epoch}.pth'
        assert_same_tree(PrototypeTree.load(file), trees[epoch - 1])


def test_checkpoint_keeps_every_key_of_the_plain_method(
    watched, digits, tmp_path
):
    run(small_config(digits, tmp_path, hirl=False, epochs=1))
    plain = torch.load(tmp_path / 'epoch_1.pth', weights_only=False)
    hirl = torch.load(watched.work_dir / 'epoch_1.pth', weights_only=False)
    plain, hirl = plain['state_dict'], hirl['state_dict']
    assert plain.keys() <= hirl.keys()
    added = hirl.keys() - plain.keys()
    assert added and all(key.startswith('spd_head.') for key in added)
    for key, value in plain.items():
        assert torch.equal(hirl[key], value), f'stage one differs in {key}'


def test_tree_is_that_of_the_key_encoder_in_order(digits, tmp_path):
    """Rebuilt here from single images, read in the order of the folder."""
    rebuilt = {}

    def rebuild(runner):
        model, dataset = runner.model, runner.train_dataloader.dataset
        if model.tree is None:
            return
        read = Compose(runner.cfg.default_hooks.kmeans.pipeline)
        model.eval()
        for name, net in dict(
            key=model.encoder_k,
            query=lambda x: model.neck(model.backbone(x)),
        ).items():
            features = []
            for i in range(len(dataset)):
                packed = read(dataset.get_data_info(i))
                image = model.data_preprocessor(
                    dict(
                        inputs=packed['inputs'][None],
                        data_samples=[packed['data_samples']],
                    )
                )['inputs']
                with torch.no_grad():
                    features.append(net(image)[0])
            rebuilt[name] = hierarchical_kmeans(
                torch.cat(features), NUMS, num_restarts=2
            )
        model.train()

    runner = run(small_config(digits, tmp_path, batch_size=17), Watch(rebuild))
    assert_same_tree(runner.model.tree, rebuilt['key'])
    assert not torch.equal(runner.model.tree.leaf, rebuilt['query'].leaf)


def test_pass_leaves_training_as_it_was(digits, tmp_path):
    """Same mode, same random state, same training pipeline."""
    states = []

    class Surround(Hook):
        def before_train_epoch(self, runner):
            states.append(
                (
                    torch.get_rng_state(),
                    np.random.get_state()[1],
                    runner.model.training,
                    runner.train_dataloader.dataset.pipeline,
                )
            )

    cfg = small_config(digits, tmp_path, start_epoch=0, epochs=1)
    runner = Runner.from_cfg(cfg)
    # After the seeds of the epoch.
    runner.register_hook(Surround(), priority='HIGH')
    runner.register_hook(Surround(), priority='LOWEST')
    runner.train()
    before, after = states
    assert torch.equal(before[0], after[0])
    assert np.array_equal(before[1], after[1])
    assert before[2:] == after[2:]


def resume(digits, work_dir, checkpoint, **options):
    cfg = small_config(digits, work_dir, **options)
    cfg.resume, cfg.load_from = True, str(checkpoint)
    trees = Watch(lambda r: r.model.tree)
    run(cfg, trees)
    return trees.seen


def test_resumed_run_builds_the_trees_of_an_uninterrupted_one(
    watched, digits, tmp_path
):
    trees, work_dir = watched.trees, watched.work_dir
    (resumed,) = resume(digits, tmp_path, work_dir / 'epoch_2.pth', epochs=3)
    assert_same_tree(resumed, trees[2])


def test_resumed_run_goes_on_with_the_stored_tree(digits, tmp_path):
    options = dict(epochs=4, interval=2)
    straight = Watch(lambda r: r.model.tree)
    run(small_config(digits, tmp_path / 'a', **options), straight)
    assert straight.seen[1] is straight.seen[2]
    resumed = resume(
        digits, tmp_path / 'b', tmp_path / 'a/epoch_2.pth', **options
    )
    assert_same_tree(resumed[0], straight.seen[1])
    files = {f.name for f in (tmp_path / 'b/prototype_trees').iterdir()}
    assert files == {'epoch_4.pth'}


def test_stored_tree_of_another_shape_is_built_anew(watched, digits, tmp_path):
    trees = resume(
        digits,
        tmp_path,
        watched.work_dir / 'epoch_2.pth',
        epochs=4,
        interval=2,
        num_prototypes=(10, 5, 2),
    )
    assert [t.num_prototypes for t in trees] == [(10, 5, 2)] * 2


def log_of(work_dir):
    (log,) = work_dir.glob('*/*.log')
    return log.read_text()


def resume_second_epoch(digits, work_dir, checkpoint, change=None):
    """The trees of epochs 3 and 4, where no new one is due, and the log."""
    cfg = small_config(digits, work_dir, epochs=4, interval=2)
    cfg.log_level = 'INFO'
    cfg.resume, cfg.load_from = True, str(checkpoint)
    if change is not None:
        change(cfg.train_dataloader.dataset)
    trees = Watch(lambda r: r.model.tree)
    run(cfg, trees)
    assert len(trees.seen) == 2
    return trees.seen[0], log_of(work_dir)


def test_trees_carry_the_identity_of_the_training_images(watched):
    identity = data_identity(watched.runner.train_dataloader.dataset)
    assert len(identity) == 64
    assert [tree.data for tree in watched.trees[1:]] == [identity] * 2
    work_dir = watched.work_dir
    file = work_dir / 'prototype_trees/epoch_3.pth'
    assert PrototypeTree.load(file).data == identity
    checkpoint = torch.load(work_dir / 'epoch_3.pth', weights_only=False)
    assert checkpoint['prototype_tree']['data'] == identity


def test_trees_name_the_run_that_built_them(watched, digits, tmp_path):
    """A resumed run keeps the name of its first start."""
    name = watched.runner.experiment_name
    assert name and [tree.run for tree in watched.trees[1:]] == [name] * 2
    work_dir = watched.work_dir
    file = work_dir / 'prototype_trees/epoch_3.pth'
    assert PrototypeTree.load(file).run == name
    checkpoint = work_dir / 'epoch_2.pth'
    resume_second_epoch(digits, tmp_path, checkpoint, other_order)
    newest = max((tmp_path / 'prototype_trees').glob('*.pth'))
    assert PrototypeTree.load(newest).run == name


def other_order(dataset):
    dataset.indices = dataset.indices[::-1]


def other_image(dataset):
    dataset.indices = [*dataset.indices[:-1], dataset.indices[-1] + 1]


@pytest.mark.parametrize('change', [other_order, other_image])
def test_stored_tree_over_other_images_is_built_anew(
    change, watched, digits, tmp_path
):
    tree, log = resume_second_epoch(
        digits, tmp_path, watched.work_dir / 'epoch_2.pth', change
    )
    assert tree.num_prototypes == NUMS and len(tree.leaf) == NUM_IMAGES
    assert tree.data not in ('', watched.trees[1].data)
    (line,) = [x for x in log.splitlines() if 'building anew' in x]
    assert 'WARNING' in line
    assert 'of other images than those of this run' in line
    assert str(digits) in line and 'the same images in another order' in line
    assert 'HIRL tree of epoch 3' in log


def test_stored_tree_is_kept_when_the_images_move(watched, digits, tmp_path):
    moved = shutil.copytree(digits, tmp_path / 'moved')
    tree, log = resume_second_epoch(
        moved, tmp_path / 'run', watched.work_dir / 'epoch_2.pth'
    )
    assert_same_tree(tree, watched.trees[1])
    assert tree.data == watched.trees[1].data
    assert 'building anew' not in log and 'cannot check' not in log
    assert 'HIRL tree of epoch 3' not in log


def test_stored_tree_without_identity_is_used(watched, digits, tmp_path):
    """Of a version that did not know it: one line says it is not checked."""
    checkpoint = torch.load(
        watched.work_dir / 'epoch_2.pth', weights_only=False
    )
    del checkpoint['prototype_tree']['data']
    torch.save(checkpoint, tmp_path / 'old.pth')
    tree, log = resume_second_epoch(
        digits, tmp_path / 'run', tmp_path / 'old.pth'
    )
    assert_same_tree(tree, watched.trees[1])
    lines = [x for x in log.splitlines() if 'cannot check whether' in x]
    assert len(lines) == 1 and 'earlier versions' in lines[0]
    # It stays unknown, and later trees are of known images.
    for epoch, known in ((3, False), (4, True)):
        again = torch.load(
            tmp_path / f'run/epoch_{epoch}.pth', weights_only=False
        )
        assert bool(again['prototype_tree']['data']) == known, epoch


def test_new_run_from_a_checkpoint_starts_without_its_tree(
    watched, digits, tmp_path
):
    cfg = small_config(digits, tmp_path, epochs=2)
    cfg.load_from = str(watched.work_dir / 'epoch_3.pth')
    trees = Watch(lambda r: r.model.tree)
    run(cfg, trees)
    assert trees.seen[0] is None
    assert trees.seen[1] is not None


def test_only_the_latest_tree_files_stay(digits, tmp_path):
    cfg = small_config(
        digits, tmp_path, epochs=3, start_epoch=0, max_keep_trees=2
    )
    run(cfg)
    files = {f.name for f in (tmp_path / 'prototype_trees').iterdir()}
    assert files == {'epoch_2.pth', 'epoch_3.pth'}


def test_run_around_the_config_of_a_model(watched, digits, tmp_path):
    """type='hirl_mm.HIRLAlgorithm' trains the same weights, bit by bit."""
    epochs = watched.runner.max_epochs
    cfg = small_config(digits, tmp_path, epochs=epochs)
    head = cfg.model.pop('spd_head')
    cfg.model.type = 'MoCo'
    cfg.model = dict(
        type='hirl_mm.HIRLAlgorithm', algorithm=cfg.model, spd_head=head
    )
    state = run(cfg).model.state_dict()
    expected = watched.runner.model.state_dict()
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[key], expected[key]) for key in state)
