"""Tools read lists, classes and trees as the training does."""

import runpy
import sys
from dataclasses import replace

import pytest
import torch
from mmengine.config import Config
from mmpretrain.datasets import CustomDataset
from PIL import Image

from hirl_mm.engine.features.fingerprint import data_identity, paths_identity
from hirl_mm.structures import PrototypeTree
from tests.colour_folders import COLOURS, write_colours
from tests.runs import ROOT, small_config

PIPELINE = [dict(type='hirl_mm.LoadImage'), dict(type='mmpretrain.PackInputs')]


@pytest.fixture
def tool(monkeypatch):
    """A function that runs a tool in this process."""

    def run(name, *arguments):
        monkeypatch.setattr(sys, 'argv', [name, *map(str, arguments)])
        path = ROOT / f'tools/{name}.py'
        return runpy.run_path(str(path), run_name='__main__')

    return run


@pytest.fixture
def recipe(tmp_path):
    """A function that writes a config with a training list, if any."""
    write_colours(tmp_path / 'data/train')
    write_colours(tmp_path / 'data/val', 'ac')
    cfg = small_config(tmp_path / 'data', tmp_path / 'run', hirl=False)
    part = dict(
        type='mmpretrain.CustomDataset',
        data_root=str(tmp_path / 'data'),
        pipeline=PIPELINE,
    )
    cfg.knn_gallery = dict(part, data_prefix='train')
    cfg.knn_queries = dict(part, data_prefix='val')

    def write(**dataset):
        cfg.train_dataloader.dataset.update(dataset)
        cfg.dump(tmp_path / 'recipe.py')
        return tmp_path / 'recipe.py'

    return write


def red_pixels(picture):
    """Number of pixels of a picture in the colour of class a."""
    with Image.open(picture) as image:
        pixels = torch.tensor(list(image.convert('RGB').getdata()))
    near = torch.tensor(COLOURS['a']).sub(pixels).abs().amax(1) < 22
    return int(near.sum())


def test_extracted_labels_of_two_splits_agree(tool, recipe, tmp_path):
    cfg = Config.fromfile(recipe())
    from hirl_mm.engine.evaluation.pretrained import load_pretrained

    weights = load_pretrained(cfg, None).state_dict()
    torch.save(dict(state_dict=weights), tmp_path / 'weights.pth')
    found = {}
    for data in ('knn_gallery', 'knn_queries'):
        tool(
            *('extract_features', tmp_path / 'recipe.py'),
            *(tmp_path / 'weights.pth', '--data', data),
            *('--out', tmp_path / f'{data}.pth', '--num-workers', 0),
        )
        found[data] = torch.load(tmp_path / f'{data}.pth')
    assert found['knn_gallery']['labels'].bincount().tolist() == [4, 4, 4]
    assert found['knn_queries']['labels'].bincount().tolist() == [4, 0, 4]
    for one in found.values():
        assert one['classes'] == ['a', 'b', 'c']


@pytest.mark.parametrize('with_label', [True, False])
def test_list_that_cannot_be_read_stops_a_training(
    with_label, tool, recipe, tmp_path
):
    (tmp_path / 'data/list.txt').write_text('a/0.png 0\nb/0.png 1\n\n')
    stock = dict(
        type='CustomDataset', ann_file='list.txt', with_label=with_label
    )
    with pytest.raises(SystemExit) as stopped:
        tool('train', recipe(**stock), '--work-dir', tmp_path / 'run')
    line = 3 if with_label else 1
    assert f'list.txt, line {line} is' in str(stopped.value)
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize('source', ['--data', '--config'])
def test_tree_of_unlabelled_images(source, tool, recipe, tmp_path):
    """The order of all paths is not the one class by class."""
    train = tmp_path / 'data/train'
    (train / 'b').rename(train / 'a-2')
    config = recipe(
        type='CustomDataset',
        data_prefix='train',
        with_label=False,
        indices=None,
    )
    dataset = CustomDataset(data_root=str(train), with_label=False)
    infos = [dataset.get_data_info(i)['img_path'] for i in range(12)]
    red = ['/a/' in path for path in infos]
    tree = PrototypeTree(
        centroids=[torch.eye(3)[:2], torch.eye(3)[:1]],
        parents=[torch.tensor([0, 0])],
        leaf=torch.tensor(red).long(),
    )
    tree = replace(tree, data=data_identity(dataset))
    tree.save(tmp_path / 'tree.pth')
    given = dict(zip(('--data', '--config'), (train, config), strict=True))
    tool(
        *('visualize_tree', tmp_path / 'tree.pth', source, given[source]),
        *('--out', tmp_path / 'tree.png', '--members-per-leaf', 4),
    )
    # The leaf of the red images shows only red ones.
    assert red_pixels(tmp_path / 'tree.png') > 4 * 40**2


def test_tree_of_a_list_in_another_order(tool, recipe, tmp_path):
    """The config of the training has its images, the folder does not."""
    lines = [f'{name}/{i}.png' for i in range(4) for name in 'cba']
    (tmp_path / 'data/list.txt').write_text('\n'.join(lines))
    config = recipe(
        type='CustomDataset',
        ann_file='list.txt',
        data_prefix='train',
        with_label=False,
        indices=None,
    )
    red = torch.tensor([name.startswith('a') for name in lines])
    tree = PrototypeTree(
        centroids=[torch.eye(3)[:2]],
        parents=[],
        leaf=red.long(),
        data=paths_identity(lines),
    )
    tree.save(tmp_path / 'tree.pth')
    drawing = 'visualize_tree', tmp_path / 'tree.pth'
    out = '--out', tmp_path / 'tree.png', '--members-per-leaf', 4
    with pytest.raises(SystemExit, match='several folders, give its config'):
        tool(*drawing, '--data', tmp_path / 'data/train', *out)
    tool(*drawing, '--config', config, *out)
    assert red_pixels(tmp_path / 'tree.png') > 4 * 40**2


def test_tree_of_other_images_is_refused(tool, recipe, tmp_path):
    tree = PrototypeTree(
        centroids=[torch.eye(3)[:2]],
        parents=[],
        leaf=torch.zeros(12).long(),
        data='f00d',
    )
    tree.save(tmp_path / 'tree.pth')
    folder = tmp_path / 'data/train'
    with pytest.raises(SystemExit, match='built from other images than those'):
        tool('visualize_tree', tmp_path / 'tree.pth', '--data', folder)
