"""Figures of the HCCL paper, and where they stand beside ours."""

import re
from itertools import pairwise

import pytest

from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.evaluation.paper_comparison import beside_paper
from hirl_mm.evaluation.paper_results import (
    HCCL_TABLES,
    paper_figures,
    paper_sources,
    recipe_key,
)

HCCL = 'hccl_resnet50_8xb64-coslr-{}e_in1k'
LINEAR = 'linear-90e', 'top-1'


def values_of(number):
    rows = HCCL_TABLES[number].rows
    return {name: [c.value for c in cells] for name, cells in rows.items()}


def test_tables_have_a_cell_per_column():
    assert list(HCCL_TABLES) == list(range(1, 11))
    for number, table in HCCL_TABLES.items():
        assert table.source == f'HCCL, Table {number}'
        for cells in table.rows.values():
            assert len(cells) == len(table.columns) - 1


@pytest.mark.parametrize(
    ('number', 'cells', 'total'),
    [
        (1, 29, 2042.6),
        (2, 26, 1802.1),
        (3, 24, 1440.9),
        (4, 81, 4062.5),
        (5, 6, 412.2),
        (6, 9, 618.6),
        (7, 20, 1384.9),
        (8, 8, 577.4),
        (9, 8, 38025),
        (10, 3, 206.3),
    ],
)
def test_every_figure_counts(number, cells, total):
    """Sums of all numbers in the paper's text of a table."""
    values = [cell.value for cell in HCCL_TABLES[number].cells()]
    assert len(values) == cells
    assert sum(values) == pytest.approx(total)


@pytest.mark.parametrize(
    ('number', 'row', 'values'),
    [
        (1, 'HCCL', [69.5, 71.4, None, 72.4, 73.5]),
        (1, 'SimSiam', [68.1, 70.0, None, 70.8, 71.3]),
        (2, 'HCCL', [56.4, 71.3, 80.1, 90.4]),
        (3, 'HCCL', [47.2, 54.5, 86.6]),
        (4, 'HCCL', [82.6, 64.3, 57.2, 60.1, 42.3, 39.5, 56.5, 36.7, 34.6]),
        (5, 'HCCL', [69.5]),
        (6, '2', [68.4, 69.5, 68.8]),
        (7, 'fixed', [68.3, 69.2, 69.4, 69.2, 69.4]),
        (8, 'HCCL + momentum encoder', [70.9, 72.8, 74.2, 74.9]),
        (9, 'HCCL', [8320, 1220]),
        (10, 'c', [69.2]),
    ],
)
def test_rows_of_the_paper(number, row, values):
    assert values_of(number)[row] == values


@pytest.mark.parametrize(
    ('recipe', 'key', 'value', 'number'),
    [
        (HCCL.format(100), LINEAR, 69.5, 1),
        (HCCL.format(800), LINEAR, 73.5, 1),
        (HCCL.format(800), ('semisup-coslr-1pct', 'top-5'), 80.1, 2),
        (HCCL.format(800), ('linear SVM', 'mAP, interpolated'), 86.6, 3),
        (HCCL.format(800), ('voc0712-detection-lr0.1', 'AP75'), 64.3, 4),
        (HCCL.format(800), ('coco-c4-1x', 'mask AP'), 34.6, 4),
        (
            HCCL.format(400).replace('hccl_', 'hccl-momentum_'),
            *(LINEAR, 74.2, 8),
        ),
    ],
)
def test_figures_by_recipe(recipe, key, value, number):
    assert paper_figures(recipe)[key] == value
    assert paper_sources(recipe)[key] == f'HCCL, Table {number}'


@pytest.mark.parametrize(
    'recipe',
    [
        HCCL.format(300),
        f'hirl-{HCCL.format(800)}',
        HCCL.format(800).replace('in1k', 'in100'),
        'hccl_resnet18_1xb64-4e_digits',
    ],
)
def test_other_recipes_have_none(recipe):
    assert paper_figures(recipe) == {} == paper_sources(recipe)


def test_longer_pre_trainings_alone_are_transferred():
    assert set(paper_figures(HCCL.format(400))) == {LINEAR}


def test_two_views_of_swav_are_no_multi_crop():
    """Table 1 has SwAV without small crops; the recipes here have them."""
    name = 'swav_resnet50_32xb128-mcrop-coslr-200e_in1k'
    assert LINEAR not in paper_figures(name)


def test_variants_are_no_headline():
    name = 'hccl_resnet50_8xb64-levels4-layers2-coslr-100e_in1k'
    assert recipe_key(name) == 'hccl-levels4-layers2-100e'
    assert paper_figures(name) == {LINEAR: 69.0}


def test_variants_of_the_ablations():
    """Every cell of Tables 5, 6, 7 and 10 has its recipe."""
    recipes = {}
    for number in 5, 6, 7, 10:
        cells = HCCL_TABLES[number].cells()
        recipes[number] = {cell.recipe for cell in cells}
    assert {n: len(names) for n, names in recipes.items()} == {
        **{5: 6, 6: 9},
        **{7: 20, 10: 3},
    }
    assert 'hccl-deep-two-predictors-100e' in recipes[5]
    assert 'hccl-levels3-layers4-100e' in recipes[6]
    assert 'hccl-low20-highfixed-100e' in recipes[7]
    assert recipes[10] & recipes[6] == {'hccl-levels3-layers3-100e'}


def test_what_was_measured_stands_below_its_row():
    short = ArmResults('short', HCCL.format(100))
    short.add('linear-90e', {'top-1': 68.94, 'top-5': 88.0})
    long = ArmResults('long', HCCL.format(800))
    long.add('linear-90e', {'top-1': 73.0})
    long.add('coco-c4-1x', {'box AP': 39.0})
    lines = beside_paper(HCCL_TABLES[1], [short, long]).splitlines()
    rows = [re.sub(' +', ' ', line) for line in lines]
    assert rows[0].startswith('HCCL, Table 1, as reported: ')
    assert rows[2] == '| method | 100 | 200 | 300 | 400 | 800 |'
    assert rows[-3:] == [
        '| HCCL | 69.5 | 71.4 | - | 72.4 | 73.5 |',
        '| short, measured here | 68.9 | - | - | - | - |',
        '| long, measured here | - | - | - | - | 73.0 |',
    ]
    boxes = beside_paper(HCCL_TABLES[4], [short, long])
    (row,) = (row for row in boxes.splitlines() if 'measured here' in row)
    assert [cell.strip() for cell in row.split('|')[2:-1]] == [
        *['-'] * 5,
        '39.0',
        *['-'] * 3,
    ]


def test_notes_stand_below_their_table():
    text = beside_paper(HCCL_TABLES[9], [])
    assert 'Not in percent' in text.split('\n\n')[-1]
    assert '| HCCL ' in text and ' 1220 |' in text


def test_headline_is_the_middle_of_the_ablations():
    """Tables 5 and 6 repeat Table 1; Table 7 has 69.4 in its place."""
    recipe = recipe_key(HCCL.format(100))
    found = [
        cell.value
        for table in HCCL_TABLES.values()
        for cell in table.cells()
        if cell.recipe == recipe
    ]
    assert found == [69.5, 69.5, 69.5, 69.4]
    assert all(a >= b for a, b in pairwise(found))
