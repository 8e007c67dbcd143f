"""tools/pretrain_folder.py as real processes, from a folder to a tree."""

import json
import re

import pytest
from mmengine.config import Config

from hirl_mm.checkpoints.trees import load_tree
from tests.planned import draw
from tests.tool_process import run_tool

BROKEN = 'new\nline \u202e{{ fileDirname }}.png'
# A training of seconds.
SHORT = '--epochs', 2, '--batch-size', 8, '--no-labels'


@pytest.fixture(scope='module')
def images(tmp_path_factory):
    """Forty images and one that is none, with names of any kind."""
    root = tmp_path_factory.mktemp('folder') / "photo's <b>{{ x }} 😀"
    for i in range(40):
        draw(root / f'{i} a\t\u05d0.png', i)
    (root / BROKEN).write_text('no image')
    return root


@pytest.fixture(scope='module')
def trained(images, tmp_path_factory):
    """The work folder of a training, and what the tool printed."""
    out = tmp_path_factory.mktemp('run') / 'run 1'
    done = run_tool(
        'pretrain_folder', images, '--out', out, '--skip-broken', *SHORT
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return out, done.stdout


def test_the_run_has_everything(trained):
    out, _ = trained
    tree = load_tree(out / 'epoch_2.pth')
    assert tree.num_prototypes == (4,) and len(tree.leaf) == 41
    # The broken image is in no leaf.
    assert (tree.leaf == -1).sum() == 1
    assert json.loads((out / 'backbone/config.json').read_text())
    survey = json.loads((out / 'plan/survey.json').read_text())
    assert survey['num_images'] == 41 and len(survey['unreadable']) == 1
    assert next(iter(survey['unreadable'])).endswith(BROKEN)


def test_the_config_is_read_and_explained(trained, images):
    out, printed = trained
    (file,) = (out / 'plan').glob('*.py')
    text = file.read_text()
    assert text.isascii() and text.count('    # ') > 10
    cfg = Config.fromfile(file)
    assert cfg.train_dataloader.dataset.data_root == str(images)
    # MMEngine's resolved config, which the other tools read.
    resolved = Config.fromfile(out / file.name)
    assert resolved.train_dataloader.dataset.data_root == str(images)
    assert resolved.model.type == 'hirl_mm.HIRLMoCo'


def test_what_is_printed(trained):
    out, printed = trained
    assert '41 images (folder)' in printed
    assert '\\u202e{{ fileDirname }}.png' in printed
    assert re.search(r'expected: .* per epoch', printed)
    assert re.search(r'memory: \d+\.\d GiB of \d+ GiB', printed)
    for tool in ('assign', 'curate', 'label_branches'):
        assert re.search(rf"python \S*/{tool}\.py '{out}'", printed)
    for page in ('report.html', 'tree/index.html'):
        assert f': {out}/{page}\n' in printed
        assert '<html' in (out / page).read_text()


def test_a_used_folder_is_refused(trained, images):
    out, _ = trained
    done = run_tool('pretrain_folder', images, '--out', out, *SHORT)
    assert done.returncode == 1
    assert 'files of another run' in done.stdout


def test_a_training_goes_on(trained, images):
    """A finished one ends at once, and is exported again."""
    out, _ = trained
    done = run_tool('pretrain_folder', images, '--out', out, '--resume')
    assert done.returncode == 0, done.stdout[-3000:]
    assert 'what comes next' in done.stdout


def test_a_plan_writes_nothing(images, tmp_path):
    out = tmp_path / 'run'
    done = run_tool(
        'pretrain_folder',
        *(images, '--out', out, '--plan', '--skip-broken', *SHORT),
        *('--method', 'hirl-dino'),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert (
        'network: ViT' in done.stdout and 'nothing was written' in done.stdout
    )
    assert not out.exists()


@pytest.mark.parametrize(
    ('make', 'text'),
    [
        (lambda root: draw(root / 'a.png', 0), 'found 1 images'),
        (lambda root: root.mkdir(), 'it is empty'),
        (lambda root: None, 'there is no folder or list'),
    ],
)
def test_what_cannot_be_trained(make, text, tmp_path):
    make(tmp_path / 'images')
    done = run_tool(
        'pretrain_folder', tmp_path / 'images', '--out', tmp_path / 'run'
    )
    assert done.returncode == 1 and 'Traceback' not in done.stdout
    assert 'error: ' in done.stdout and text in done.stdout
    assert not (tmp_path / 'run').exists()


def test_broken_images_are_refused(images, tmp_path):
    done = run_tool('pretrain_folder', images, '--out', tmp_path / 'run')
    assert done.returncode == 1
    assert '1 of 41 images cannot be read' in done.stdout
    assert not (tmp_path / 'run').exists()
