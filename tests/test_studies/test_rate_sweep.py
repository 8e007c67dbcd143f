import json
import re
from statistics import stdev

import pytest
import torch
from PIL import Image

from hirl_mm.studies.sweep.points import (
    best_points,
    edge_notes,
    rate_points,
    sweep_table,
)
from hirl_mm.studies.sweep.report import write_sweep_report

RESULTS = {
    ('plain', 1.0, 0): 70.0,
    ('HIRL', 1.0, 0): 60.0,
    ('plain', 0.1, 0): 71.0,
    ('HIRL', 0.1, 0): 74.5,
    ('plain', 0.01, 0): 69.0,
    ('HIRL', 0.01, 0): 75.25,
}


def table_of(points):
    """The lines of the table, without the blanks that align it."""
    lines = sweep_table(points, 'lr').splitlines()
    return [re.sub(' +', ' ', line) for line in lines]


def test_table_marks_the_best_of_every_arm():
    points = rate_points(RESULTS)
    assert [p.arm for p in points] == ['plain'] * 3 + ['HIRL'] * 3
    assert [p.rate for p in points] == [0.01, 0.1, 1.0] * 2
    head, _, *rows = table_of(points)
    assert head == '| lr | plain | HIRL |'
    assert rows == [
        '| 0.01 | 69.00 | **75.25** |',
        '| 0.1 | **71.00** | 74.50 |',
        '| 1 | 70.00 | 60.00 |',
    ]


def test_seeds_are_averaged():
    points = rate_points(
        {
            ('a', 0.1, 0): 50.0,
            ('a', 0.1, 1): 54.0,
            ('a', 0.1, 2): 55.0,
            ('a', 1.0, 0): 53.5,
        }
    )
    assert [p.mean for p in points] == [53.0, 53.5]
    assert points[0].spread == pytest.approx(stdev([50, 54, 55]))
    assert points[1].spread == 0
    assert best_points(points)['a'].rate == 1.0
    table = table_of(points)
    assert '| 0.1 | 53.00 ± 2.65 |' in table and '| 1 | **53.50** |' in table


def test_what_is_not_run_yet_is_empty():
    first = dict(list(RESULTS.items())[:3])
    assert '| 0.1 | **71.00** | - |' in table_of(rate_points(first))


def test_best_at_the_edge_is_told():
    """HIRL is best at the least of three rates, plain in the middle."""
    (note,) = edge_notes(rate_points(RESULTS), 'lr')
    assert note.startswith('HIRL: the best lr, 0.01, is at the edge')
    assert 'add lower values for all arms' in note
    (note,) = edge_notes(
        rate_points({('a', 0.1, 0): 1.0, ('a', 1.0, 0): 2.0}), 'lr'
    )
    assert note.startswith('a: ') and 'higher values' in note
    single = rate_points({('a', 0.1, 0): 1.0, ('a', 0.1, 1): 2.0})
    assert edge_notes(single, 'lr') == []


def test_report(tmp_path):
    facts = dict(config='c.py', param='lr', metric='accuracy/top1')
    text = write_sweep_report(tmp_path / 'new', RESULTS, **facts)
    table = sweep_table(rate_points(RESULTS), 'lr')
    assert text.startswith(table) and 'accuracy/top1' in text
    assert 'HIRL: the best lr' in text
    assert (tmp_path / 'new/sweep.md').read_text().startswith(text + '\n')
    content = json.loads((tmp_path / 'new/sweep.json').read_text())
    assert content['runs'][0] == dict(arm='plain', rate=1.0, seed=0, value=70)
    assert content['best']['HIRL'] == dict(rate=0.01, value=75.25)
    assert content['facts']['torch'] == torch.__version__
    with Image.open(tmp_path / 'new/sweep.png') as picture:
        assert min(picture.size) > 400
        colours = picture.convert('RGB').getcolors(2**24)
    # White, the frame, and a curve in a colour of its own per arm.
    vivid = [c for n, c in colours if max(c) - min(c) > 100 and n > 200]
    assert len(vivid) == 2
