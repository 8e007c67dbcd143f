"""Results beside others, and beside the paper's."""

import pytest

from hirl_mm.evaluation.arm_results import (
    ArmResults,
    left_out_note,
    paper_note,
    results_table,
)
from hirl_mm.evaluation.paper_results import paper_figures
from tests.runs import ROOT

DINO = 'dino_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k'


def arm(name, recipe='', **figures):
    results = ArmResults(name, recipe)
    for protocol, values in figures.items():
        results.add(protocol, values, seed=0)
    return results


def cells(table):
    return [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in table.splitlines()
    ]


def test_every_recipe_of_a_paper_has_its_figures():
    """All but those that combine what no paper has combined."""
    names = [
        path.stem
        for path in ROOT.glob('configs/*/*_in1k.py')
        if path.parent.name not in ('modes', 'ablations')
    ]
    without = {n.split('_')[0] for n in names if not paper_figures(n)}
    combined = {'hccl-byol', 'hirl-hccl', 'hirl-csml', 'hirl-csml-tree'}
    # The released code of CsMl comes without figures.
    assert without <= combined | {'csml-official'} and len(names) >= 16


@pytest.mark.parametrize(
    ('recipe', 'key', 'value'),
    [
        (DINO, ('kNN', 'best k'), 76.01),
        (f'hirl-{DINO}', ('clustering', 'AMI'), 66.6),
        (f'hirl-{DINO}', ('coco-instance', 'box AP'), 50.3),
        (DINO, ('coco-instance', 'mask AP'), 43.1),
        (f'hirl-{DINO}', ('semisup-1pct', 'top-1'), 64.73),
        (
            'hirl-swav_resnet50_32xb128-mcrop-coslr-800e_in1k',
            ('semisup-10pct', 'top-1'),
            70.62,
        ),
        (
            'swav_resnet50_32xb128-mcrop-coslr-200e_in1k',
            ('places205-finetune', 'top-1'),
            62.8,
        ),
        (
            'mocov3_vit-base-p16_64xb64-amp-coslr-400e_in1k',
            ('linear', 'top-1'),
            76.44,
        ),
    ],
)
def test_figures_of_the_paper(recipe, key, value):
    assert paper_figures(recipe)[key] == value


@pytest.mark.parametrize(
    'recipe',
    [
        'mocov2_resnet18_1xb64-20e_digits',
        DINO.replace('400e', '100e'),
        DINO.replace('in1k', 'in21k'),
        'hirl-mocov2_resnet50_8xb32-neg100-coslr-200e_in1k',
        'resnet50_8xb128-linear-coslr-100e_in1k',
        f'x{DINO}',
        '',
    ],
)
def test_other_recipes_have_none(recipe):
    assert paper_figures(recipe) == {}


def test_paper_and_difference_stand_beside_a_recipe():
    dino = arm('DINO', DINO, kNN={'k=10': 75.0, 'best k': 76.51})
    assert cells(results_table([dino])) == [
        ['protocol', 'figure', 'DINO', 'paper', 'difference'],
        ['-' * 8, '-' * 6, '---:', '----:', '---------:'],
        ['kNN', 'k=10', '75.0', '-', '-'],
        ['kNN', 'best k', '76.5', '76.01', '+0.5'],
    ]


def test_sources_of_what_papers_report():
    """Of shown figures only, a line per table."""
    dino = arm('DINO', DINO, kNN={'k=10': 75.0, 'best k': 76.5})
    name = 'simsiam_resnet50_16xb32-coslr-200e_in1k'
    simsiam = arm('SimSiam', name, kNN={'best k': 1.0}, linear={'top-1': 2.0})
    simsiam.add('linear-90e', {'top-1': 3.0, 'top-5': 4.0})
    assert paper_note([dino, simsiam]).splitlines() == [
        '',
        'Reported by papers, not measured here:',
        '',
        '- HIRL: kNN best k, linear top-1',
        '- HCCL, Table 1: linear-90e top-1',
    ]
    assert paper_note([arm('x', kNN={'best k': 1.0})]) == ''
    assert paper_note([arm('DINO', DINO, kNN={'k=10': 75.0})]) == ''


def test_two_networks_and_their_difference():
    plain = arm('plain', kNN={'k=10': 75.0}, svm={'mAP': 1.0})
    hirl = arm('HIRL', kNN={'k=10': 74.26}, tree={'K=2': 9.0})
    assert cells(results_table([plain, hirl]))[2:] == [
        ['kNN', 'k=10', '75.0', '74.3', '-0.7'],
        ['svm', 'mAP', '1.0', '-', '-'],
        ['tree', 'K=2', '-', '9.0', '-'],
    ]
    three = results_table([plain, hirl, arm('x', kNN={'k=10': 1.0})])
    assert cells(three)[0] == ['protocol', 'figure', 'plain', 'HIRL', 'x']


def test_protocol_that_was_measured_twice():
    results = ArmResults('plain', '')
    results.add('linear', {'top-1': 1.0}, source='a')
    with pytest.raises(ValueError, match=r"'linear' twice, from a and from b"):
        results.add('linear', {'top-1': 2.0}, source='b')


def test_left_out_figures_have_a_row_and_a_reason():
    plain = ArmResults('plain', '')
    plain.add('kNN', {'k=10': 75.0}, {'k=200': 'there are 60 images'}, seed=0)
    plain.add('clustering', {}, {'acc': '30 clusters of 3 images'})
    hirl = arm('HIRL', kNN={'k=10': 74.0}, clustering={'acc': 5.0})
    assert cells(results_table([plain, hirl]))[2:] == [
        ['kNN', 'k=10', '75.0', '74.0', '-1.0'],
        ['kNN', 'k=200', '-', '-', '-'],
        ['clustering', 'acc', '-', '5.0', '-'],
    ]
    assert left_out_note([plain, hirl]).splitlines()[1:] == [
        'Left out:',
        '',
        '- plain, kNN, k=200: there are 60 images',
        '- plain, clustering, acc: 30 clusters of 3 images',
    ]
    assert left_out_note([hirl]) == ''
    assert plain.facts['kNN'] == dict(
        seed=0, left_out={'k=200': 'there are 60 images'}
    )
