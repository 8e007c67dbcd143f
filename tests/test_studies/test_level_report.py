"""Report of projections: what the JSON, the table and the picture hold."""

import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

from hirl_mm.engine.evaluation.level_analysis import LevelAnalysis
from hirl_mm.evaluation.functional import ClassDistances
from hirl_mm.studies.level_report import pair_distances, write_level_report

NAN = math.nan


def analysis():
    """Three images, two levels, three classes; the last has one image."""
    views = torch.tensor(
        [
            [[0.1, 0.9], [1.1, 0.3]],
            [[0.1, 0.8], [1.2, 0.1]],
            [[0.4, 1.0], [1.0, 0.1]],
        ]
    )
    classes = [
        ClassDistances(torch.tensor([0.1, 0.3, NAN]), torch.full((3,), 0.5)),
        ClassDistances(torch.tensor([0.2, 0.6, NAN]), torch.full((3,), 0.9)),
    ]
    return LevelAnalysis(views, classes, ['a', 'b', 'c'])


def test_pairs_of_levels():
    pairs = pair_distances(analysis().views)
    assert list(pairs) == ['z1', 'z2', 'z1 and z2']
    torch.testing.assert_close(pairs['z2'], torch.tensor([0.3, 0.1, 0.1]))
    torch.testing.assert_close(
        pairs['z1 and z2'], torch.tensor([0.9, 0.8, 1.0, 1.1, 1.2, 1.0])
    )
    assert list(pair_distances(torch.zeros(4, 1, 1))) == ['z1']
    assert len(pair_distances(torch.zeros(4, 3, 3))) == 6


def test_report(tmp_path):
    table = write_level_report(tmp_path, analysis(), checkpoint='x.pth')
    cells = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in table.splitlines()
    ]
    assert cells[2] == ['z1', '0.200', '0.141', '66.7', '0.200', '0.500']
    assert cells[3] == ['z2', '0.167', '0.094', '66.7', '0.400', '0.900']
    assert cells[4] == ['z1 and z2', '1.000', '0.129', '0.0', '-', '-']
    assert (tmp_path / 'levels.md').read_text().startswith(table)
    content = json.loads((tmp_path / 'levels.json').read_text())
    assert content['facts']['num_images'] == 3
    assert content['facts']['checkpoint'] == 'x.pth'
    assert content['classes'] == ['a', 'b', 'c']
    found = content['views']['z1']
    assert found['mean_cosine'] == pytest.approx(0.8)
    assert found['median'] == pytest.approx(0.1)
    counts = found['histogram']
    assert len(counts) == 100 and sum(counts) == 3
    assert counts[5] == 2 and counts[20] == 1
    within = content['levels']['z2']['within']
    assert within['mean'] == pytest.approx(0.4)
    assert within['by_class'] == pytest.approx([0.2, 0.6, None], nan_ok=True)


def test_picture_has_a_colour_per_level(tmp_path):
    write_level_report(tmp_path, analysis())
    with Image.open(tmp_path / 'levels.png') as picture:
        assert min(picture.size) > 400
        pixels = np.asarray(picture.convert('RGB')).astype(int)
    for colour in (68, 119, 170), (238, 102, 119), (34, 136, 51):
        near = np.abs(pixels - colour).max(axis=2) < 40
        assert near.sum() > 100, colour


def test_one_class(tmp_path):
    """Nothing is between classes; the report says so."""
    alone = ClassDistances(torch.tensor([0.5]), torch.tensor([NAN]))
    found = LevelAnalysis(torch.rand(4, 1, 1), [alone], ['a'])
    table = write_level_report(tmp_path, found)
    assert [c.strip() for c in table.splitlines()[2].split('|')][5:7] == [
        '0.500',
        '-',
    ]
    content = json.loads((tmp_path / 'levels.json').read_text())
    assert content['levels']['z1']['between'] == dict(
        mean=None, by_class=[None]
    )
