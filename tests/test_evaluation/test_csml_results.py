"""Figures of the CsMl paper, and where they stand beside ours."""

import re

import pytest

from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.evaluation.paper_comparison import beside_paper
from hirl_mm.evaluation.paper_results import (
    CSML_TABLES,
    paper_figures,
    paper_sources,
    recipe_key,
)

CSML = 'csml_resnet50_32xb64-{}coslr-{}e_in1k'
LINEAR = 'linear-steplr', 'top-1'
FINAL = CSML.format('mcrop-', 800)


def test_tables_have_a_cell_per_column():
    assert list(CSML_TABLES) == [*'1234567', 'A.1', 'A.2', 'A.3', '4.5']
    for number, table in CSML_TABLES.items():
        assert table.source == f'CsMl, Table {number}' or number == '4.5'
        for cells in table.rows.values():
            assert len(cells) == len(table.columns) - 1


@pytest.mark.parametrize(
    ('number', 'cells', 'total'),
    [
        ('1', 14, 959.8),
        ('2', 11, 691.1),
        ('3', 38, 2703.2),
        ('4', 60, 2535.4),
        ('5', 6, 433.5),
        ('6', 4, 284.1),
        ('7', 16, 931.0),
        ('A.1', 3, 222.1),
        ('A.2', 3, 212.2),
        ('A.3', 4, 279.6),
        ('4.5', 8, 556.4),
    ],
)
def test_every_figure_counts(number, cells, total):
    """Sums of all numbers in the paper's text of a table."""
    values = [cell.value for cell in CSML_TABLES[number].cells()]
    assert len(values) == cells
    assert sum(values) == pytest.approx(total)


@pytest.mark.parametrize(
    ('recipe', 'key', 'value', 'number'),
    [
        (CSML.format('', 200), LINEAR, 71.6, '1'),
        (CSML.format('', 800), LINEAR, 74.4, '1'),
        (CSML.format('mcrop-', 200), LINEAR, 74.6, '1'),
        (FINAL, LINEAR, 76.6, '1'),
        (FINAL, ('kNN', 'k=20'), 72.4, '2'),
        (FINAL, ('kNN', 'k=200'), 70.7, '2'),
        (FINAL, ('semisup-60e-1pct', 'top-1'), 62.2, '3'),
        (FINAL, ('semisup-60e-10pct', 'top-5'), 90.7, '3'),
        (FINAL, ('semisup-mined-1pct', 'top-5'), 87.7, '3'),
        (FINAL, ('semisup-mined-10pct', 'top-1'), 75.1, '3'),
        (FINAL, ('coco-fpn-1x', 'box AP small'), 25.0, '4'),
        (FINAL, ('coco-fpn-1x', 'mask AP50'), 58.1, '4'),
        (FINAL, ('voc0712-detection', 'AP75'), 64.1, '5'),
        (CSML.format('nomix-', 200), LINEAR, 70.4, '6'),
        (
            CSML.format('stage3-', 200),
            *(('linear-steplr-stage3', 'top-1'), 64.0, '7'),
        ),
        (
            CSML.format('stage4-', 200),
            *(('semisup-60e-1pct', 'top-1'), 53.4, '7'),
        ),
        (
            'csml-byol_resnet50_64xb128-coslr-300e_in1k',
            *(LINEAR, 75.3, 'A.1'),
        ),
        (CSML.format('2positives-', 200), LINEAR, 70.2, 'A.2'),
        (CSML.format('mixup-', 200), LINEAR, 70.1, 'A.3'),
        ('mocov2_resnet50_8xb32-coslr-200e_in1k', LINEAR, 67.5, '6'),
    ],
)
def test_figures_by_recipe(recipe, key, value, number):
    assert paper_figures(recipe)[key] == value
    assert paper_sources(recipe)[key] == f'CsMl, Table {number}'


@pytest.mark.parametrize(
    'recipe',
    [
        CSML.format('', 100),
        CSML.format('k5-', 200),
        f'hirl-{CSML.format("", 200)}',
        'csml-official_resnet50_8xb64-coslr-200e_in1k',
        CSML.format('', 200).replace('in1k', 'in100'),
        'csml_resnet18_1xb128-4e_digits',
    ],
)
def test_other_recipes_have_none(recipe):
    assert paper_figures(recipe) == {} == paper_sources(recipe)


def test_small_crops_matter_only_where_the_paper_has_both():
    assert recipe_key(FINAL) == 'csml-mcrop-800e'
    swav = 'swav_resnet50_32xb128-mcrop-coslr-200e_in1k'
    assert recipe_key(swav) == 'swav-200e'


def test_other_figures_of_a_recipe_stay():
    """HIRL's figures of MoCo v2 are those of other protocols."""
    figures = paper_figures('mocov2_resnet50_8xb32-coslr-200e_in1k')
    assert figures['linear', 'top-1'] == 67.60 and figures[LINEAR] == 67.5
    assert figures['semisup-1pct', 'top-1'] == 35.96


def test_one_recipe_has_one_figure_per_protocol():
    """Tables that repeat a cell agree."""
    found = {}
    for table in CSML_TABLES.values():
        for cell in table.cells():
            if cell.recipe:
                found.setdefault((cell.recipe, cell.key), set()).add(
                    cell.value
                )
    assert all(len(values) == 1 for values in found.values())
    assert len({recipe for recipe, _ in found}) == 18


def test_what_was_measured_stands_below_its_row():
    arm = ArmResults('ours', CSML.format('stage4-', 200))
    arm.add('linear-steplr-stage3', {'top-1': 61.04})
    arm.add('linear-steplr', {'top-1': 70.0})
    lines = beside_paper(CSML_TABLES['7'], [arm]).splitlines()
    rows = [re.sub(' +', ' ', line) for line in lines]
    assert rows[5:7] == [
        '| stage 4 | 45.1 | 60.7 | 71.6 | 53.4 |',
        '| ours, measured here | - | 61.0 | 70.0 | - |',
    ]
