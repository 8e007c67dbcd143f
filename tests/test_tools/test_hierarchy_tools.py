"""The tools that use the tree of a run, on a run of seconds."""

import json
import os
import runpy
import shutil
import sys

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from hirl_mm.datasets.labelled_images import LabelledImages
from tests.runs import NUM_IMAGES, NUMS, ROOT, run, settle, small_config
from tests.tool_process import run_tool


@pytest.fixture(scope='module')
def work_dir(digits, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('hierarchy') / 'run'
    run(small_config(digits, work_dir))
    return work_dir


@pytest.fixture
def tool(monkeypatch, capsys):
    """Do what a command line does, in this process."""

    def use(name, *arguments):
        words = [f'tools/{name}.py', *map(str, arguments)]
        monkeypatch.setattr(sys, 'argv', words)
        module = runpy.run_path(str(ROOT / f'tools/{name}.py'))
        module['main'](module['parse_args']())
        return capsys.readouterr().out

    return use


def records(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


READ = '--num-workers', 0, '--batch-size', 32


def test_paths_of_images(tool, work_dir, digits, tmp_path):
    out = tool('assign', work_dir, *READ)
    file = work_dir / 'hierarchy/paths.jsonl'
    assert out.startswith(f'{file}: {NUM_IMAGES} images, 0 of them')
    training = records(file)
    assert len(training) == NUM_IMAGES
    names = [b'new\nline.png', b'\xff.png', b'"quoted" <b>.png']
    folder = tmp_path / 'hostile'
    folder.mkdir()
    for name, source in zip(names, training, strict=False):
        shutil.copy(source['file'], os.fsencode(folder) + b'/' + name)
    words = 'assign', work_dir, *READ, '--out', tmp_path / 'o.jsonl'
    tool(*words, folder, training[5]['file'])
    found = records(tmp_path / 'o.jsonl')
    by_name = {os.path.basename(os.fsencode(r['file'])): r for r in found}
    assert len(found) == 4
    for name, source in zip(names, training, strict=False):
        assert by_name[name]['path'] == source['path']
        assert by_name[name]['similarity'] == pytest.approx(
            source['similarity'], abs=1e-3
        )
    assert found[-1]['path'] == training[5]['path']
    (folder / 'broken.png').write_bytes(b'no image')
    with pytest.raises(OSError, match='cannot read the image .*broken'):
        tool(*words, folder)
    out = tool(*words, folder, '--skip-unreadable')
    assert out.endswith('4 images, 1 of them could not be read\n')
    again = {r['file']: r['path'] for r in records(tmp_path / 'o.jsonl')}
    assert again.pop(str(folder / 'broken.png')) is None
    assert again == {r['file']: r['path'] for r in found[:-1]}


def test_nearest_images(tool, work_dir, digits, tmp_path):
    image = records_of_training(tool, work_dir)[0]['file']
    out = tool(
        *('retrieve', work_dir, *READ, '--image', image, '-k', 3),
        *('--picture', tmp_path / 'n.png'),
    )
    found = [json.loads(line) for line in out.splitlines()]
    assert [r['rank'] for r in found] == [1, 2, 3]
    assert image not in [r['file'] for r in found]
    with Image.open(tmp_path / 'n.png') as picture:
        assert np.asarray(picture).std() > 0
    out = tool(
        *('retrieve', work_dir, *READ, '--prototype', '0:1', '1:2', '-k', 2),
        *('--out', tmp_path / 'o.jsonl'),
    )
    assert out == f'{tmp_path / "o.jsonl"}: 4 images for 2 queries\n'


def records_of_training(tool, work_dir):
    tool('assign', work_dir, *READ)
    return records(work_dir / 'hierarchy/paths.jsonl')


def test_subset(tool, work_dir):
    out = tool(
        *('curate', work_dir, *READ, '--num', 30, '--outliers', 4),
        *('--near-duplicates', 0.999999, '--how', 'closest'),
    )
    folder = work_dir / 'hierarchy/curated'
    lines = (folder / 'subset.txt').read_text().splitlines()
    assert len(lines) == len(set(lines)) == 30
    outliers = {r['file'] for r in records(folder / 'outliers.jsonl')}
    assert len(outliers) == 4 and not outliers.intersection(lines)
    assert len(records(folder / 'branches.jsonl')) == sum(NUMS)
    assert 'train with them:\n  python tools/train.py' in out
    assert 'train_dataloader.dataset.indices=None' in out


def test_branches_are_named_and_a_classifier_is_trained(
    tool, work_dir, tmp_path, digits
):
    training = records_of_training(tool, work_dir)
    # Every ninth image, and one of each branch of the coarsest level.
    of_root = {record['path'][-1]: record['file'] for record in training}
    ninths = [training[i]['file'] for i in range(0, NUM_IMAGES, 9)]
    labelled = list(dict.fromkeys([*ninths, *of_root.values()]))
    other = sorted((digits / 'val/0').iterdir())[0]
    names = {file: file.split('/')[-2] for file in [*labelled, str(other)]}
    rows = [f'{file},number {label}' for file, label in names.items()]
    (tmp_path / 'labels.csv').write_text('file,label\n' + '\n'.join(rows))
    out = tool(
        *('label_branches', work_dir, tmp_path / 'labels.csv', *READ),
        *('--min-confidence', 0.2),
    )
    assert 'level 2: 2 of 2 branches have votes' in out
    folder = work_dir / 'hierarchy/labels'
    labels = {r['file']: r for r in records(folder / 'pseudo_labels.jsonl')}
    assert len(labels) == NUM_IMAGES
    for file in labelled:
        assert labels[file]['label'] == f'number {names[file]}'
        assert labels[file]['confidence'] == 1
    lines = (folder / 'train.txt').read_text().splitlines()
    assert lines[-1] == f'{other} 0'
    kept = [r for r in labels.values() if r['confidence'] >= 0.2]
    assert len(lines) == len(kept) + 1

    cfg = Config.fromfile(folder / 'classifier.py')
    settle(cfg, tmp_path / 'classifier')
    cfg.train_cfg.max_epochs = 1
    cfg.train_dataloader.batch_size = 16
    runner = run(cfg)
    assert isinstance(runner.train_dataloader.dataset, LabelledImages)
    assert runner.iter == len(lines) // 16
    assert (tmp_path / 'classifier/epoch_1.pth').is_file()


@pytest.mark.parametrize(
    ('name', 'arguments', 'text'),
    [
        ('assign', ['RUN', 'nowhere.png'], 'no image or folder nowhere.png'),
        ('assign', ['RUN', '--out', 'a.csv'], 'must end in .jsonl'),
        ('retrieve', ['RUN', '--prototype', '7:0'], 'level must lie in'),
        ('curate', ['RUN'], 'there is nothing to do'),
        ('curate', ['RUN', '--num', '97'], 'the 96 images'),
        ('curate', ['nowhere', '--num', '5'], 'nowhere'),
        ('label_branches', ['RUN', 'nowhere.csv'], 'nowhere.csv'),
    ],
)
def test_errors(name, arguments, text, tool, work_dir):
    words = [work_dir if word == 'RUN' else word for word in arguments]
    with pytest.raises((ValueError, OSError), match=text):
        tool(name, *words, *READ)


def test_errors_are_one_line(work_dir):
    result = run_tool('assign', work_dir, 'none\n\x1b[31m.png')
    assert result.returncode == 1
    (line,) = result.stdout.splitlines()
    assert line == r'error: there is no image or folder none\n\x1b[31m.png'


@pytest.mark.parametrize(
    'name', ['assign', 'curate', 'label_branches', 'retrieve']
)
def test_help(name, tool, capsys):
    with pytest.raises(SystemExit) as end:
        tool(name, '--help')
    shown = capsys.readouterr().out
    assert end.value.code == 0
    assert 'Example' in shown and 'RUN_FOLDER' in shown


@pytest.mark.parametrize('text', ['17', '0:', ':1', '-1:2', '0:x'])
def test_names_of_prototypes(text, tool, capsys):
    with pytest.raises(SystemExit):
        tool('retrieve', 'RUN', f'--prototype={text}')
    assert 'expected LEVEL:NODE, such as 0:17' in capsys.readouterr().err
