"""Balanced subsets of images in a tree, and the files that are written."""

import json
import os
import shlex
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from PIL import Image

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.list_checks import folder_of
from hirl_mm.engine.runtime.cfg_options import merge_options
from hirl_mm.options import option_value
from hirl_mm.structures import EmbeddedImages, PrototypeTree
from hirl_mm.studies.hierarchy_use.curated_files import (
    branch_tables,
    write_curated,
)
from hirl_mm.studies.hierarchy_use.curation import CurationPlan, curate
from hirl_mm.studies.hierarchy_use.listed_path import listed_path
from hirl_mm.studies.hierarchy_use.training_list import (
    list_options,
    train_command,
)
from hirl_mm.studies.tool_command import tool_command

NAMES = [
    *('a b.png', '<script>.png', '"q".png', '🐈.png', '\u202egpj.png'),
    *(os.fsdecode(b'\xff.png'), 'new\nline.png', 'end.png ', 'x.png 3'),
]


@pytest.fixture
def images(tmp_path):
    """Leaf 0 with twenty images, two of them copies; leaf 1 with five."""
    prototypes = F.normalize(torch.tensor([[1.0, 0, 0], [0, 1, 0]]), dim=1)
    leaf = torch.tensor([0] * 20 + [1] * 5)
    rows = prototypes[leaf] + 0.3 * torch.randn(25, 3)
    rows = F.normalize(rows, dim=1)
    rows[4] = rows[2]
    rows[23] = torch.tensor([0.0, 0.6, -0.8])
    names = NAMES + [f'{i}.png' for i in range(len(NAMES), 25)]
    paths = [str(tmp_path / 'images' / name) for name in names]
    tree = PrototypeTree([prototypes, prototypes[:1]], [leaf[[0, 0]]], leaf)
    leaf = (rows @ prototypes.T).argmax(1)
    return EmbeddedImages(tree, paths, rows, leaf)


def records(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_what_is_left_out_is_not_drawn(images):
    found = curate(images, CurationPlan(24, num_outliers=0, threshold=1.0))
    assert (found.copies.tolist(), found.kept.tolist()) == ([4], [2])
    assert found.chosen.tolist() == [i for i in range(25) if i != 4]
    plan = CurationPlan(23, num_outliers=1, threshold=1.0)
    found = curate(images, plan)
    assert found.outliers.tolist() == [23]
    assert found.chosen.tolist() == [i for i in range(25) if i not in (4, 23)]
    with pytest.raises(ValueError, match='24 images.* the 23 images'):
        curate(images, replace(plan, num=24))


def test_branches_are_balanced_and_seeded(images):
    draws = [
        tuple(curate(images, CurationPlan(8, seed=s)).chosen.tolist())
        for s in (0, 0, 1)
    ]
    assert draws[0] == draws[1] != draws[2]
    for chosen in draws:
        assert images.leaf[list(chosen)].bincount().tolist() == [4, 4]


@pytest.mark.parametrize(('how', 'sign'), [('closest', -1), ('furthest', 1)])
def test_closest_and_furthest(images, how, sign):
    chosen = curate(images, CurationPlan(6, how)).chosen.tolist()
    cosine = images.rows @ images.tree.centroids[0].T
    for k in (0, 1):
        members = (images.leaf == k).nonzero().flatten().tolist()
        members.sort(key=lambda i: sign * cosine[i, k])
        assert sorted(members[:3]) == [i for i in chosen if i in members]


def test_files(images, tmp_path):
    plan = CurationPlan(10, num_outliers=2, threshold=1.0)
    found = curate(images, plan)
    written = write_curated(tmp_path / 'out', images, found)
    # Their names fit in no line.
    left_out = {6, 7, 8}.intersection(found.chosen.tolist())
    assert written == {
        'branches.jsonl': 3,
        'outliers.jsonl': 2,
        'near_duplicates.jsonl': 1,
        'subset.txt': 10 - len(left_out),
    }
    (copy,) = records(tmp_path / 'out/near_duplicates.jsonl')
    assert copy['file'] == images.paths[4]
    assert copy['copy_of'] == images.paths[2]
    assert copy['similarity'] == pytest.approx(1, abs=1e-6)
    first = records(tmp_path / 'out/outliers.jsonl')[0]
    assert first['file'] == images.paths[23]
    assert first['path'] == [int(images.leaf[23]), 0]
    branches = records(tmp_path / 'out/branches.jsonl')
    assert [(b['level'], b['parent']) for b in branches] == [
        *[(0, 0)] * 2,
        (1, None),
    ]
    sizes = images.leaf.bincount().tolist()
    assert [b['images'] for b in branches] == [*sorted(sizes)[::-1], 25]
    assert sum(b['drawn_share'] for b in branches[:2]) == pytest.approx(1)
    # Files of what was not asked for again are gone.
    found = curate(images, CurationPlan(num_outliers=1))
    assert write_curated(tmp_path / 'out', images, found) == {
        'branches.jsonl': 3,
        'outliers.jsonl': 1,
    }
    assert len(list((tmp_path / 'out').iterdir())) == 2


def test_training_reads_the_list(images, tmp_path):
    """All names that fit in a line, also bytes that are no UTF-8."""
    for path in images.paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Image.new('RGB', (4, 4)).save(path, 'PNG')
    found = curate(images, CurationPlan(25))
    written = write_curated(tmp_path / 'out', images, found)
    assert written['subset.txt'] == 22
    dataset = dict(
        type='hirl_mm.FolderImages',
        data_root=str(tmp_path),
        data_prefix='images',
        indices=[0],
    )
    cfg = Config(dict(train_dataloader=dict(dataset=dataset)))
    options = list_options(dataset, tmp_path / 'out/subset.txt')
    command = train_command('a b.py', tmp_path / 'run', options)
    words = shlex.split(command)
    start = tool_command('train')
    assert words[: len(start)] == start
    words = words[len(start) :]
    assert words[:3] == ['a b.py', '--work-dir', str(tmp_path / 'run')]
    pairs = (word.split('=', 1) for word in words[4:])
    merge_options(cfg, {key: option_value(key, x) for key, x in pairs})
    dataset = dict(cfg.train_dataloader.dataset)
    assert dataset.pop('type') == 'hirl_mm.FolderImages'
    read = FolderImages(**dataset)
    paths = [read.get_data_info(i)['img_path'] for i in range(len(read))]
    expected = [p for i, p in enumerate(images.paths) if i not in (6, 7, 8)]
    assert paths == expected


def test_images_in_shards_are_listed_by_their_names():
    dataset = dict(data_root='data/pets', data_prefix=dict(img_path='train'))
    assert folder_of(dataset) == 'data/pets/train'
    assert folder_of(dict(data_root='data')) == 'data/'
    path = 'shards://data/pets/train/cat/1.png'
    assert listed_path(path, 'data/pets/train') == 'cat/1.png'
    for other in 'data/pets/val', '':
        with pytest.raises(ValueError, match='shards of another folder'):
            listed_path(path, other)
    with pytest.raises(ValueError, match='a ConcatDataset reads no list'):
        list_options(dict(type='ConcatDataset'), 'a.txt')


def test_tables(images):
    text = branch_tables(curate(images, CurationPlan(10)), num_rows=1)
    assert 'level 0: 2 branches, evenness' in text
    assert 'and 1 smaller branches' in text and '50.0%' in text
    sizes = images.leaf.bincount() / 25
    evenness = float(torch.special.entr(sizes).sum() / np.log(2))
    assert f'evenness {evenness:.3f}, 1.000 of the drawn ones' in text


@pytest.mark.parametrize(
    ('options', 'text'),
    [
        (dict(), 'nothing to do'),
        (dict(num=-1), 'at least 0, got -1'),
        (dict(num=1, how='best'), 'must be one of'),
        (dict(threshold=1.5), 'a cosine above 0'),
    ],
)
def test_errors(options, text, images):
    with pytest.raises(ValueError, match=text):
        curate(images, CurationPlan(**options))
