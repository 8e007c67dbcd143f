"""Trees of runs and of files as a page shows them."""

import shutil

import pytest
import torch
from PIL import Image

from hirl_mm.checkpoints.trees import load_tree
from hirl_mm.studies.shown_trees import (
    are_files,
    other_tree,
    shown_file,
    shown_run,
)
from tests.runs import NUM_IMAGES, run, small_config
from tests.tool_process import run_tool
from tests.trees import tree_of

READING = dict(batch_size=32, num_workers=0)


@pytest.fixture(scope='module')
def work_dir(digits, tmp_path_factory):
    """A run of three epochs with a tree in the second and third."""
    work_dir = tmp_path_factory.mktemp('run')
    run(small_config(digits, work_dir, epochs=3))
    return work_dir


@pytest.fixture(scope='module')
def shown(work_dir):
    return shown_run(work_dir, **READING)


def test_a_run_has_embeddings_and_labels(shown, work_dir):
    assert len(shown.paths) == NUM_IMAGES and shown.name == work_dir.name
    assert shown.rows.shape[0] == NUM_IMAGES
    assert shown.similarity.min() > 0.3
    names = [path.split('/')[-2] for path in shown.paths]
    assert [shown.class_names[i] for i in shown.labels] == names


def test_a_tree_file_knows_the_images_of_its_run(shown, work_dir):
    file = work_dir / 'prototype_trees/epoch_2.pth'
    found = shown_file(file)
    assert found.rows is None and found.name == 'epoch_2'
    assert list(found.paths) == list(shown.paths)
    assert torch.equal(found.labels, shown.labels)
    assert torch.equal(found.leaf, load_tree(file).leaf)


def test_a_tree_file_elsewhere_needs_its_images(work_dir, tmp_path):
    file = shutil.copy(work_dir / 'prototype_trees/epoch_2.pth', tmp_path)
    with pytest.raises(ValueError, match='give --data FOLDER or --config'):
        shown_file(file)
    (config,) = work_dir.glob('*.py')
    assert len(shown_file(file, config=config).paths) == NUM_IMAGES


def test_a_tree_file_with_a_folder(tmp_path):
    for i in range(4):
        (tmp_path / f'data/{i % 2}').mkdir(parents=True, exist_ok=True)
        Image.new('L', (20, 20)).save(tmp_path / f'data/{i % 2}/{i}.png')
    tree_of([0, 1, 1, 0]).save(tmp_path / 'tree.pth')
    found = shown_file(tmp_path / 'tree.pth', tmp_path / 'data')
    assert len(found.paths) == 4 and list(found.class_names) == ['0', '1']
    assert are_files(found.paths) and not are_files(['image 3'])


def test_another_tree_of_the_same_images(shown, work_dir, tmp_path):
    file = work_dir / 'prototype_trees/epoch_2.pth'
    other = other_tree(shown, file)
    assert torch.equal(other.leaf, load_tree(file).leaf)
    assert other.rows is None and other.paths is shown.paths
    tree_of([0, 1, 1]).save(tmp_path / 'tree.pth')
    with pytest.raises(ValueError, match=r'other images \(3\)'):
        other_tree(shown, tmp_path / 'tree.pth')


def test_the_tool(work_dir, tmp_path):
    """Previews, writes, compares; another call reads kept embeddings."""
    out = tmp_path / 'tree'
    words = 'browse_tree', work_dir, '--out', out, '--num-workers', 0
    result = run_tool(*words, '--preview')
    assert result.returncode == 0, result.stdout
    assert f'{NUM_IMAGES} images, ' in result.stdout and not out.exists()
    compare = '--compare', work_dir / 'prototype_trees/epoch_2.pth'
    result = run_tool(*words, *compare, '--title', 'Digits & more')
    assert result.returncode == 0, result.stdout
    assert f'open {out}/index.html' in result.stdout
    assert 'Digits &amp; more' in (out / 'index.html').read_text()
    assert (out / 'data/other/changes.js').exists()


def errors(*words):
    result = run_tool('browse_tree', *words)
    assert result.returncode == 1 and 'Traceback' not in result.stdout
    return result.stdout.strip().splitlines()[-1]


def test_errors_of_the_tool(work_dir, tmp_path):
    line = errors(tmp_path / 'missing.pth', '--data', tmp_path)
    assert line.startswith('error: there is no file')
    line = errors(work_dir, '--data', tmp_path)
    assert 'leave out --data and --config' in line
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full/notes.txt').touch()
    line = errors(
        work_dir / 'prototype_trees/epoch_2.pth', '--out', tmp_path / 'full'
    )
    assert 'give the name of a new folder' in line
    assert 'holds no run' in errors(tmp_path / 'full')
