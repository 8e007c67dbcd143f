from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmengine.logging import HistoryBuffer
from PIL import Image

from hirl_mm.checkpoints.trees import load_tree
from hirl_mm.datasets.image_folder import load_images
from hirl_mm.datasets.taxonomy import ClassHierarchy
from hirl_mm.engine.features.fingerprint import paths_identity
from hirl_mm.structures import PrototypeTree
from tests.tool_process import run_tool


def run(*arguments):
    return run_tool('visualize_tree', *arguments)


def fails(*arguments):
    """The error line of a run that fails."""
    result = run(*arguments)
    assert result.returncode == 1
    assert 'Traceback' not in result.stdout
    return result.stdout.strip().splitlines()[-1]


@pytest.fixture
def tree():
    return PrototypeTree(
        centroids=[torch.eye(3), torch.eye(3)[:2]],
        parents=[torch.tensor([0, 0, 1])],
        leaf=torch.tensor([2, 0, 1, 1, 0, 0]),
    )


COLORS = [(40 * i, 255 - 40 * i, 77) for i in range(6)]


@pytest.fixture
def data(tmp_path):
    """Three cats and three dogs, each of a color of its own."""
    for i, color in enumerate(COLORS):
        folder = tmp_path / 'data' / ('cat' if i < 3 else 'dog')
        folder.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (30, 20), color).save(folder / f'{i}.png')
    return tmp_path / 'data'


def colors_in(path):
    with Image.open(path) as image:
        found = image.convert('RGB').getcolors(1 << 24)
    return {color: num for num, color in found}


def test_draws_a_checkpoint_with_the_options(tree, data, tmp_path):
    checkpoint = {
        'state_dict': {'weight': torch.ones(2)},
        # what makes the safe loader refuse checkpoints of MMEngine
        'message_hub': {'loss': HistoryBuffer([1.0], [1])},
        'prototype_tree': tree.state_dict(),
    }
    torch.save(checkpoint, tmp_path / 'epoch_1.pth')
    out = tmp_path / 'picture.png'
    options = ['--max-roots', '1', '--max-children', '1', '--seed', '3']
    result = run(
        *(tmp_path / 'epoch_1.pth', '--data', data, '--out', out, *options),
        *('--members-per-leaf', '2', '--title', 'a $ b'),
    )
    assert result.returncode == 0, result.stdout
    # trees of earlier versions do not know their images
    assert f'{data} cannot be checked' in result.stdout
    # the larger root is 0 and its larger leaf is 0 with samples 1, 4 and 5
    found = colors_in(out)
    assert COLORS[0] not in found
    shown = [i for i in (1, 4, 5) if found.get(COLORS[i], 0) >= 48**2]
    assert len(shown) >= 2


def test_classes_of_a_level(tree, data, tmp_path):
    """Cats and dogs are animals: one class, so one colour of frames."""
    tree.save(tmp_path / 'tree.pth')
    file = tmp_path / 'hierarchy.json'
    animals = {name: (name, 'animal') for name in ('cat', 'dog')}
    ClassHierarchy(['fine', 'coarse'], animals).save(file)
    coarse = ('--level', 'coarse')
    drawn = {}
    for name, options in dict(fine=(), coarse=coarse).items():
        out = tmp_path / f'{name}.svg'
        result = run(
            *(tmp_path / 'tree.pth', '--data', data, '--out', out, *options)
        )
        assert result.returncode == 0, result.stdout
        drawn[name] = out.read_text()
    assert 'animal' in drawn['coarse'] and 'dog' not in drawn['coarse']
    assert 'dog' in drawn['fine'] and 'animal' not in drawn['fine']


def test_a_level_needs_its_file_and_classes(tree, data, tmp_path):
    path = tmp_path / 'tree.pth'
    tree.save(path)
    file = tmp_path / 'hierarchies' / 'hierarchy.json'
    result = run(path, '--data', data, '--hierarchy', file)
    assert result.returncode == 2
    assert '--hierarchy needs --level' in result.stdout
    error = fails(path, '--data', data, '--level', 'coarse')
    assert error == (
        f'error: there is no hierarchy.json in {data} or in the folder above '
        'it: name the class hierarchy with --hierarchy'
    )
    file.parent.mkdir()
    ClassHierarchy(['fine'], {n: (n,) for n in ('cat', 'dog')}).save(file)
    options = '--hierarchy', file, '--level', 'coarse'
    error = fails(path, '--data', data, *options)
    assert error == "error: level must be one of ('fine',), got 'coarse'"
    flat = tmp_path / 'flat'
    flat.mkdir()
    for picture in data.rglob('*.png'):
        picture.rename(flat / picture.name)
    error = fails(path, '--data', flat, *options)
    assert error.startswith('error: the images have no classes, so there are')


def test_help_explains():
    result = run('--help')
    assert result.returncode == 0
    text = ' '.join(result.stdout.split())
    assert 'training checkpoint' in text
    assert 'every subfolder is a class' in text
    for option in ('max-roots', 'max-children', 'members-per-leaf', 'seed'):
        assert f'--{option}' in text


def test_an_error_is_one_line(tree, data, tmp_path):
    path, out = tmp_path / 'tree.pth', tmp_path / 'picture.png'
    tree.save(path)
    (data / 'dog' / '4.png').unlink()
    error = fails(path, '--data', data, '--out', out)
    expected = f'error: {data} holds 5 images but the tree was built from 6'
    assert error.startswith(expected)
    assert not out.exists()


def test_tree_of_other_images_is_not_drawn(tree, data, tmp_path):
    """As many, but others, or in another order."""
    path, out = tmp_path / 'tree.pth', tmp_path / 'picture.png'
    names = [f'{"cat" if i < 3 else "dog"}/{i}.png' for i in range(6)]
    for other in (names[::-1], [*names[:5], 'dog/6.png']):
        replace(tree, data=paths_identity(other)).save(path)
        error = fails(path, '--data', data, '--out', out)
        assert error.startswith('error: the tree was built from other images')
        assert str(data) in error
        assert 'images in another order: give the folder' in error
        assert 'draw_semantic_tree' in error
        assert not out.exists()
    replace(tree, data=paths_identity(names)).save(path)
    result = run(path, '--data', data, '--out', out)
    assert result.returncode == 0, result.stdout
    assert result.stdout == f'written to {out}\n'
    assert out.exists()


def test_load_tree_reads_a_saved_tree(tree, tmp_path):
    tree.save(tmp_path / 'tree.pth')
    found = load_tree(tmp_path / 'tree.pth')
    assert torch.equal(found.leaf_paths, tree.leaf_paths)
    assert torch.equal(found.leaf, tree.leaf)


def test_load_tree_rejects_other_files(tmp_path):
    path = tmp_path / 'other.pth'
    with pytest.raises(ValueError, match=r'there is no file .*other.pth'):
        load_tree(path)
    torch.save({'meta': 1, 'state_dict': {}}, path)
    match = r"other.pth is neither .* found \['meta', 'state_dict'\]"
    with pytest.raises(ValueError, match=match):
        load_tree(path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match=r'other.pth is neither .*list'):
        load_tree(path)
    path.write_text('hello')
    with pytest.raises(ValueError, match=r'other.pth is neither .*Error'):
        load_tree(path)
    torch.save(torch.zeros(1000), path)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(ValueError, match='other.pth is incomplete or dam'):
        load_tree(path)
    path.write_bytes(b'')
    with pytest.raises(ValueError, match='other.pth is neither'):
        load_tree(path)


def test_load_images_follows_the_order_of_the_dataset(data, tmp_path):
    found = load_images(data)
    names = [Path(path).name for path in found['images']]
    assert names == [f'{i}.png' for i in range(6)]
    assert found['labels'] == [0, 0, 0, 1, 1, 1]
    assert tuple(found['class_names']) == ('cat', 'dog')
    flat = load_images(data / 'cat')
    assert list(flat) == ['images']
    assert len(flat['images']) == 3


def test_load_images_rejects_folders_without_images(tmp_path):
    with pytest.raises(ValueError, match='found no images in'):
        load_images(tmp_path)
    with pytest.raises(ValueError, match='there is no folder'):
        load_images(tmp_path / 'missing')
