"""Figures of SS-PRL's supplement, and where they stand beside ours."""

import re

import pytest

from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.evaluation.paper_comparison import beside_paper
from hirl_mm.evaluation.paper_results import (
    SSPRL_TABLES,
    paper_figures,
    paper_sources,
    recipe_key,
)

ON_COCO = 'ssprl_resnet50_2xb64-{}mcrop-amp-coslr-200e_coco14'
ON_IMAGENET = 'ssprl_resnet50_4xb64-mcrop-amp-coslr-100e_in1k'
OURS = ON_COCO.format('')
SEGMENTATION = 'voc12-segmentation', 'mIoU'
ASYMMETRIC = 'coco14-asymmetric', 'mAP'
LINEAR = 'voc07-linear', 'mAP'


def test_tables_have_a_cell_per_column():
    assert list(SSPRL_TABLES) == ['S-A', 'S-B', 'S-C', 'S-D']
    for number, table in SSPRL_TABLES.items():
        assert table.source == f'SS-PRL, Table {number}'
        for cells in table.rows.values():
            assert len(cells) == len(table.columns) - 1


@pytest.mark.parametrize(
    ('number', 'cells', 'total'),
    [
        ('S-A', 9, 497.5),
        ('S-B', 18, 1199.2),
        ('S-C', 3, 236.9),
        ('S-D', 5, 396.2),
    ],
)
def test_every_figure_counts(number, cells, total):
    """Sums of all numbers in the supplement's text of a table."""
    values = [cell.value for cell in SSPRL_TABLES[number].cells()]
    assert len(values) == cells
    assert sum(values) == pytest.approx(total)


@pytest.mark.parametrize(
    ('recipe', 'key', 'value', 'number'),
    [
        (OURS, SEGMENTATION, 62.6, 'S-A'),
        (OURS, ASYMMETRIC, 69.3, 'S-B'),
        (ON_IMAGENET, ASYMMETRIC, 73.8, 'S-B'),
        (ON_COCO.format('scales1-'), LINEAR, 79.2, 'S-C'),
        (ON_COCO.format('scales2-shared-'), LINEAR, 77.8, 'S-C'),
        (ON_COCO.format('scales2-k300-300-'), LINEAR, 79.9, 'S-C'),
        (ON_COCO.format('scales2-k3000-1500-'), LINEAR, 77.6, 'S-D'),
        (ON_COCO.format('scales2-k300-1500-'), LINEAR, 79.6, 'S-D'),
        (ON_COCO.format('scales2-k300-150-'), LINEAR, 79.9, 'S-D'),
    ],
)
def test_figures_by_recipe(recipe, key, value, number):
    assert paper_figures(recipe) == {key: value} or recipe == OURS
    assert paper_figures(recipe)[key] == value
    assert paper_sources(recipe)[key] == f'SS-PRL, Table {number}'


@pytest.mark.parametrize(
    'recipe',
    [
        OURS.replace('200e', '100e'),
        OURS.replace('coco14', 'in1k'),
        OURS.replace('coco14', 'coco17'),
        ON_IMAGENET.replace('in1k', 'coco14'),
        f'hirl-{OURS}',
        'ssprl_resnet18_1xb32-20e_digit-scenes',
        # Pre-trained on COCO, the others are no recipes of this project.
        'swav_resnet50_32xb128-mcrop-coslr-200e_coco14',
    ],
)
def test_other_recipes_have_none(recipe):
    assert paper_figures(recipe) == {} == paper_sources(recipe)


def test_data_are_part_of_a_recipe():
    assert recipe_key(OURS) == 'ssprl-200e-coco14'
    assert recipe_key(OURS.replace('coco14', 'in1k')) == 'ssprl-200e'
    assert recipe_key(OURS.replace('coco14', 'voc07')) == ''


def test_tables_that_repeat_a_cell_agree():
    """One scale, and 300 prototypes on each of two, are in both."""
    found = {}
    for table in SSPRL_TABLES.values():
        for cell in table.cells():
            if cell.recipe:
                key = cell.recipe, cell.key
                found.setdefault(key, []).append(cell.value)
    repeated = {key: values for key, values in found.items() if values[1:]}
    assert list(repeated.values()) == [[79.2, 79.2], [79.9, 79.9]]
    assert len(found) == 9


def test_what_was_measured_stands_below_its_row():
    arm = ArmResults('ours', ON_IMAGENET)
    arm.add(ASYMMETRIC[0], dict(mAP=71.04))
    arm.add(LINEAR[0], dict(mAP=80.0))
    lines = beside_paper(SSPRL_TABLES['S-B'], [arm]).splitlines()
    rows = [re.sub(' +', ' ', line) for line in lines]
    assert rows[-2:] == [
        '| SS-PRL | 69.3 | 73.8 |',
        '| ours, measured here | - | 71.0 |',
    ]
    assert 'measured here' not in beside_paper(SSPRL_TABLES['S-C'], [arm])
