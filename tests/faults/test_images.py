"""Trainings whose images vanish, break or change."""

import gc
import os
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks
from hirl_mm.options.running import sentence
from tests.logged import warnings_of
from tests.runs import small_config
from tests.tool_process import launch_tool, run_tool

NUM = 48
LOAD = dict(type='hirl_mm.LoadImage', ignore_empty=True)


def copy_images(digits, folder):
    """Make a folder of 48 digits."""
    for file in files_of(digits)[:: 1500 // NUM][:NUM]:
        copy = folder / file.relative_to(digits)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    return folder


@pytest.fixture
def images(digits, tmp_path):
    """A folder of images, which a test may change."""
    return copy_images(digits, tmp_path / 'images')


@pytest.fixture(scope='module')
def whole(digits, tmp_path_factory):
    """Weights of trainings that were left alone, without HIRL and with it."""
    folder = tmp_path_factory.mktemp('whole')
    images = copy_images(digits, folder / 'images')
    configs = [config(images, folder / f'{i}', hirl=i) for i in range(2)]
    return [weights(train(cfg)[0]) for cfg in configs]


def files_of(images):
    return sorted((images / 'train').glob('*/*'))


def config(images, work_dir, *, ignore=False, workers=0, **options):
    cfg = small_config(images, work_dir, **options)
    add_standard_hooks(cfg, training=True)
    loader = cfg.train_dataloader
    del loader.dataset.indices
    loader.batch_size = 16
    loader.num_workers = workers
    cfg.model.queue_len = 32
    if 'kmeans' in cfg.default_hooks:
        cfg.default_hooks.kmeans.num_workers = 0
    if ignore:
        loader.dataset.pipeline[0] = LOAD
        if 'kmeans' in cfg.default_hooks:
            cfg.default_hooks.kmeans.pipeline[0] = LOAD
    cfg.randomness = dict(seed=0)
    return cfg


class After(Hook):
    """Do something after an epoch, when its checkpoint is there."""

    priority = 'LOWEST'

    def __init__(self, epoch, act):
        self.epoch, self.act = epoch, act

    def after_train_epoch(self, runner):
        if runner.epoch + 1 == self.epoch:
            self.act()


def train(cfg, *hooks, resume=None):
    """Train; return the Runner and its warnings."""
    if resume is not None:
        cfg.resume, cfg.load_from = True, str(resume)
    runner = Runner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook)
    with warnings_of(runner.logger) as said:
        runner.train()
    return runner, said


def broken_off(cfg, *hooks):
    """Train until an image cannot be read, and return what is said."""
    text = None
    try:
        train(cfg, *hooks)
    except OSError as error:
        text = sentence(error)
    # An unfinished batch puts random states back when it is freed.
    gc.collect()
    return text


def weights(runner):
    return runner.model.state_dict()


def delete(file):
    file.unlink()


def cut(file):
    os.truncate(file, file.stat().st_size // 2)


def empty(file):
    os.truncate(file, 0)


@pytest.mark.parametrize(
    ('break_image', 'hirl'),
    [(delete, False), (delete, True), (cut, True), (empty, False)],
)
def test_an_image_vanishes_or_breaks(
    break_image, hirl, whole, images, tmp_path
):
    """In a step, or in the feature pass before it."""
    file = files_of(images)[7]
    content = file.read_bytes()
    cfg = config(images, tmp_path / 'run', hirl=hirl)
    text = broken_off(cfg, After(1, lambda: break_image(file)))
    assert text.startswith(f'cannot read the image {file}: ')
    file.write_bytes(content)
    cfg = config(images, tmp_path / 'run', hirl=hirl)
    runner, _ = train(cfg, resume=tmp_path / 'run/epoch_1.pth')
    torch.testing.assert_close(weights(runner), whole[hirl], rtol=0, atol=0)


def test_what_a_user_sees(images, tmp_path):
    """Of an image that a worker cannot read: one sentence at the end."""
    cfg = config(images, tmp_path / 'run', workers=2, hirl=False, epochs=1)
    cfg.dump(tmp_path / 'config.py')
    file = files_of(images)[7]
    cut(file)
    done = run_tool(
        *('train', tmp_path / 'config.py', '--work-dir', tmp_path / 'run')
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == (
        f'error: cannot read the image {file}: AssertionError: failed to load '
        f'image: {file}'
    )
    assert 'Traceback' not in done.stdout


def test_an_image_vanishes_for_a_probe(images, digits, tmp_path):
    """The others are read, since only queries have it."""
    part = dict(
        type='hirl_mm.FolderImages',
        data_root=str(images),
        data_prefix='train',
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(type='mmpretrain.PackInputs'),
        ],
    )
    probe = dict(type='hirl_mm.KNNProbeHook', k=3, num_workers=0)
    cfg = config(images, tmp_path / 'run', hirl=False, epochs=1)
    cfg.train_dataloader.dataset.data_root = str(digits)
    cfg.train_dataloader.dataset.indices = NUM
    cfg.default_hooks.knn_probe = dict(
        probe, gallery=part, queries=part, other_images=True
    )
    file = files_of(images)[7]
    text = broken_off(cfg, After(1, lambda: delete(file)))
    assert text.startswith(f'cannot read the image {file}: ')
    assert (tmp_path / 'run/epoch_1.pth').is_file()


@pytest.mark.parametrize('workers', [0, 2])
def test_vanished_images_are_counted_where_it_was_asked_for(
    workers, images, tmp_path
):
    first, second = (files_of(images)[i] for i in (7, 30))
    cfg = config(
        *(images, tmp_path / 'run'),
        **dict(ignore=True, workers=workers, hirl=False, epochs=4),
    )
    runner, said = train(
        cfg, After(1, lambda: delete(first)), After(3, lambda: cut(second))
    )
    expected = [
        f'training: 1 of {NUM} images cannot be read and are left out: {file}'
        for file in (first, second)
    ]
    assert [text for text in said if 'training: ' in text] == expected
    again = config(
        *(images, tmp_path / 'run'), ignore=True, hirl=False, epochs=4
    )
    # Now it is another folder, and the other image breaks nothing.
    runner, said = train(again, resume=tmp_path / 'run/epoch_3.pth')
    assert runner.epoch == 4
    assert (
        'the training images have changed since the checkpoint: 0 images were '
        f'added, 1 is gone, {NUM - 1} are as before'
    ) in said


def test_all_ranks_count_together(images, tmp_path):
    """An image that one of two ranks could not read, and no other."""
    cfg = config(images, tmp_path / 'run', ignore=True, hirl=False, epochs=1)
    cfg.train_dataloader.batch_size = 8
    cfg.log_level = 'INFO'
    broken = [files_of(images)[i] for i in (7, 12, 30)]
    for file in broken:
        cut(file)
    cfg.dump(tmp_path / 'config.py')
    words = 'train', tmp_path / 'config.py', '--work-dir', tmp_path / 'run'
    done = launch_tool(2, *words)
    assert done.returncode == 0, done.stdout[-3000:]
    said = [x for x in done.stdout.splitlines() if 'cannot be read' in x]
    (line,) = said
    names = ', '.join(map(str, broken))
    assert line.endswith(
        f'training: 3 of {NUM} images cannot be read and are left out: {names}'
    )


def add(images):
    file = files_of(images)[3]
    for name in 'xy':
        shutil.copy(file, file.with_name(f'{name}.png'))


def remove(images):
    files_of(images)[3].unlink()


def rename(images):
    file = files_of(images)[3]
    file.rename(file.with_name('z.png'))


def replace(images):
    one, two = files_of(images)[3:5]
    one.write_bytes(two.read_bytes())


def nothing(images):
    pass


@pytest.mark.parametrize(
    ('change', 'said', 'tree'),
    [
        (add, '2 images were added, 0 are gone, 48 are as before', 'over 48'),
        (remove, '0 images were added, 1 is gone, 47 are as before', 'ov'),
        (rename, '1 image was added, 1 is gone, 47 are as before', 'other im'),
        (replace, None, None),
        (nothing, None, None),
    ],
)
def test_the_folder_changes_before_a_resume(
    change, said, tree, images, tmp_path
):
    """A tree of other images is not used, and numbers say what changed."""
    train(config(images, tmp_path / 'run', interval=5))
    change(images)
    moved = images.rename(tmp_path / 'moved')
    cfg = config(moved, tmp_path / 'run', epochs=3, interval=5)
    trees = []

    class Look(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch):
            trees.append(runner.model.tree)

    _, warned = train(cfg, Look(), resume=tmp_path / 'run/epoch_2.pth')
    changed = [x for x in warned if 'training images have changed' in x]
    dropped = [x for x in warned if x.endswith('building anew')]
    stored = torch.load(tmp_path / 'run/epoch_2.pth', weights_only=True)
    same = torch.equal(trees[0].leaf, stored['prototype_tree']['leaf'])
    if said is None:
        assert not changed and not dropped
        assert same
    else:
        assert changed == [
            f'the training images have changed since the checkpoint: {said}'
        ]
        assert tree in dropped[0]
        assert len(trees[0].leaf) == len(files_of(moved))


def test_weights_of_other_images(images, tmp_path):
    """A new run that begins with them has changed nothing."""
    train(config(images, tmp_path / 'first', hirl=False, epochs=1))
    remove(images)
    cfg = config(images, tmp_path / 'second', hirl=False, epochs=1)
    cfg.load_from = str(tmp_path / 'first/epoch_1.pth')
    _, said = train(cfg)
    assert not [text for text in said if 'changed' in text]


def test_features_of_other_images_are_not_used(images, tmp_path):
    """Of an unfinished epoch: there is no tree yet that could be checked."""
    options = dict(mode='bank', epochs=3, start_epoch=2)
    cfg = config(images, tmp_path / 'run', **options)
    cfg.default_hooks.checkpoint.update(by_epoch=False, interval=5)
    train(cfg)
    source = tmp_path / 'run/iter_5.pth'
    stored = torch.load(source, weights_only=True)
    assert len(stored['feature_bank']['rows'][0][0]) == 32
    for file in files_of(images)[:32]:
        file.unlink()
    cfg = config(images, tmp_path / 'run', **options)
    cfg.default_hooks.kmeans.num_prototypes = 6, 4, 2
    runner, said = train(cfg, resume=source)
    assert len(runner.model.tree.leaf) == NUM - 32
    assert '32 are gone' in ' '.join(said)


def test_files_that_come_during_a_training_are_not_seen(images, tmp_path):
    """Before the next start."""
    cfg = config(images, tmp_path / 'run', epochs=2)
    runner, said = train(cfg, After(1, lambda: add(images)))
    assert len(runner.model.tree.leaf) == NUM
    assert not [text for text in said if 'changed' in text]
    assert Path(tmp_path / 'run/epoch_2.pth').is_file()
