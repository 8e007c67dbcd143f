"""The tree of a run, and the places of images in it."""

import shutil
from functools import partial

import numpy as np
import pytest
import torch
from mmengine.config import Config

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.engine.trees import final_tree
from hirl_mm.structures import NO_LEAF
from hirl_mm.studies.run_hierarchy import open_hierarchy
from tests.runs import NUM_IMAGES, NUMS, run, small_config
from tests.trees import blobs

READING = dict(batch_size=32, num_workers=0)


@pytest.fixture(scope='module')
def work_dir(digits, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('run')
    run(small_config(digits, work_dir, epochs=3))
    return work_dir


@pytest.fixture(scope='module')
def found(work_dir):
    hierarchy = open_hierarchy(work_dir)
    return hierarchy, hierarchy.training_images(**READING)


def test_training_images_have_the_leaves_of_the_tree(found):
    _, images = found
    assert len(images) == NUM_IMAGES
    assert torch.equal(images.leaf, images.tree.leaf)
    assert images.class_names == tuple('0123456789')
    names = [path.split('/')[-2] for path in images.paths]
    assert [images.class_names[x] for x in images.labels] == names
    assert images.rows.dtype == torch.float16
    torch.testing.assert_close(
        images.rows.float().norm(dim=1),
        torch.ones(NUM_IMAGES),
        rtol=1e-3,
        atol=0,
    )


def test_files_get_the_embeddings_of_the_training_images(found):
    """In another order, and without labels."""
    hierarchy, images = found
    chosen = [5, 3, 70]
    other = hierarchy.images_of(
        [images.paths[i] for i in chosen], images.tree, 'some', **READING
    )
    torch.testing.assert_close(
        other.rows.float(), images.rows[chosen].float(), rtol=0, atol=1e-3
    )
    similar = other.rows.double() @ images.tree.centroids[0].double().T
    assert torch.equal(other.leaf, similar.argmax(1))
    assert other.labels is None
    swapped = hierarchy.images_of(
        other.paths[::-1], images.tree, 'some', **READING
    )
    torch.testing.assert_close(
        swapped.rows.float(), other.rows.flip(0).float(), rtol=0, atol=1e-3
    )


def test_embeddings_and_tree_are_kept(found, work_dir, monkeypatch):
    again = open_hierarchy(work_dir)
    with monkeypatch.context() as patch:
        patch.setattr(final_tree, 'hierarchical_kmeans', None)
        images = again.training_images(**READING)
    assert 'model' not in vars(again)
    assert torch.equal(images.rows, found[1].rows)
    assert torch.equal(images.leaf, found[1].leaf)


def test_tree_is_that_of_the_last_weights(found):
    hierarchy, images = found
    rows = images.rows.float()
    tree = hierarchical_kmeans(rows, NUMS, seed=0, num_restarts=2)
    assert torch.equal(images.leaf, tree.leaf)
    assert images.tree.data == hierarchy.tree_of_checkpoint.data != ''
    assert not torch.equal(
        images.tree.centroids[0], hierarchy.tree_of_checkpoint.centroids[0]
    )


@pytest.mark.parametrize('change', [dict(seed=1), dict(num_iters=1)])
def test_tree_follows_the_settings_of_the_training(tmp_path, change):
    rows = torch.cat([blobs(60, 5, 4, spread=1.0), torch.full((1, 5), np.nan)])
    hook = dict(num_prototypes=[8, 3])
    make = partial(final_tree.final_tree, rows, folder=tmp_path, data='')
    tree = make(hook=hook, facts={})
    assert tree.leaf[-1] == NO_LEAF and tree.leaf[:-1].min() == 0
    assert torch.equal(make(hook=hook, facts={}).leaf, tree.leaf)
    other = make(hook=hook | change, facts={})
    assert not torch.equal(other.centroids[0], tree.centroids[0])
    for broken in 'tree.json', 'tree.pth':
        (tmp_path / broken).write_text('')
        again = make(hook=hook | change, facts={})
        assert torch.equal(again.leaf, other.leaf)


def test_another_checkpoint_has_other_embeddings(found, work_dir):
    other = open_hierarchy(work_dir, work_dir / 'epoch_2.pth')
    other.folder = work_dir / 'other'
    rows = other.training_images(**READING).rows
    assert not torch.equal(rows, found[1].rows)
    other.folder = work_dir / 'hierarchy'
    assert torch.equal(other.training_images(**READING).rows, rows)


def test_workers_are_those_of_the_training(work_dir, tmp_path):
    other = open_hierarchy(work_dir)
    other.folder = tmp_path
    other.cfg.train_dataloader.num_workers = -3  # refused by PyTorch
    with pytest.raises(ValueError, match='num_workers option'):
        other.training_images()
    assert len(other.training_images(**READING)) == NUM_IMAGES


def test_runs_without_a_tree(work_dir, tmp_path):
    cfg = Config.fromfile(next(work_dir.glob('*.py')))
    del cfg.default_hooks['kmeans']
    shutil.copytree(work_dir, tmp_path / 'run')
    cfg.dump(next((tmp_path / 'run').glob('*.py')))
    with pytest.raises(ValueError, match='has no HierarchicalKMeansHook'):
        open_hierarchy(tmp_path / 'run')
    with pytest.raises(FileNotFoundError, match='holds no run'):
        open_hierarchy(tmp_path)
    early = open_hierarchy(work_dir, work_dir / 'epoch_1.pth')
    with pytest.raises(ValueError, match='with the key prototype_tree'):
        early.training_images(**READING)
