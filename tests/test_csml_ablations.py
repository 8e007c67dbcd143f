"""Configs and figures of the ablations of CsMl, row by row."""

import re
from pathlib import Path

import pytest

from hirl_mm.evaluation.paper_results import recipe_key
from hirl_mm.models.modules.pair_mixing import PairMixUp
from tests.hooks import built_hooks
from tests.recipes import differences, full_model, load
from tests.runs import ROOT

TABLES = ROOT / 'configs/ablations/csml'
NAME = 'csml_resnet50_32xb64{}-coslr-200e_in1k.py'
STANDARD = ROOT / 'configs/csml' / NAME.format('')
MCROP = ROOT / 'configs/csml' / NAME.format('-mcrop')
MOCO = ROOT / 'configs/mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py'
NO_MIX = {'model.mix': None}
OWN = {
    'train_dataloader.sampler.own_positives': True,
    'default_hooks.neighbors': None,
}


def row(folder, tag):
    return TABLES / folder / NAME.format(f'-{tag}')


# What a row changes in the recipe of 200 epochs.
EXPECTED = {
    row('table6', 'nomix'): NO_MIX,
    row('table7', 'stage4'): {'model.branches': None},
    row('table7', 'stage3'): {'model.branches.stages': (3,)},
    row('figure4a', 'k0'): OWN,
    row('figure4a', 'k0-nomix'): OWN | NO_MIX,
    row('appendix', 'mixup'): {'model.mix.type': 'hirl_mm.PairMixUp'},
    row('appendix', '2positives'): {
        'model.num_positives': 2,
        'model.mix': None,
        'train_dataloader.batch_size': 96,
        'train_dataloader.sampler.num_positives': 2,
        'auto_scale_lr.base_batch_size': 3072,
    },
}
for k in 1, 5, 100:
    of_k = {'default_hooks.neighbors.k': k}
    EXPECTED[row('figure4a', f'k{k}')] = of_k
    EXPECTED[row('figure4a', f'k{k}-nomix')] = of_k | NO_MIX


def test_every_row_has_its_config():
    assert set(EXPECTED) == set(TABLES.rglob('*.py'))
    assert len(EXPECTED) == 1 + 2 + 8 + 2


@pytest.mark.slow
@pytest.mark.parametrize('path', EXPECTED, ids=lambda path: path.stem[21:-16])
def test_config_of_a_row(path):
    """It differs by the row alone, and all its parts fit together."""
    cfg = load(path)
    changed = differences(load(STANDARD).to_dict(), cfg.to_dict())
    assert changed == EXPECTED[path]
    model = full_model(cfg)
    sampler = cfg.train_dataloader.sampler
    assert model.num_positives == sampler.get('num_positives', 1)
    assert cfg.train_dataloader.batch_size == 32 * model.group_size
    stages = () if model.branches is None else model.branches.stages
    assert stages == EXPECTED[path].get('model.branches.stages', stages)
    gives = [h for h in built_hooks(cfg) if getattr(h, 'gives_positives', 0)]
    assert len(gives) == (not sampler.get('own_positives', False))
    if 'mixup' in path.stem:
        assert type(model.mix) is PairMixUp and cfg.model.mix.alpha == 1


def test_results_of_rows_are_kept_apart():
    """By the names under which figures of papers and runs are compared."""
    keys = {recipe_key(path.stem) for path in (*EXPECTED, STANDARD)}
    assert len(keys) == len(EXPECTED) + 1


README = (TABLES / 'README.md').read_text()


def section(title):
    """Rows of a table of the README: cells, with links resolved."""
    (text,) = re.findall(
        rf'^## {title}.*?\n(.*?)(?=^## |\Z)', README, re.M | re.S
    )
    lines = re.findall(r'^\| (.*) \|$', text, re.M)
    return [[cell.strip() for cell in line.split('|')] for line in lines][1:]


def link(cell):
    return (TABLES / re.search(r'\]\((\S+)\)', cell)[1]).resolve()


@pytest.mark.parametrize(
    ('title', 'expected'),
    [
        (
            'Table 6',
            [
                ('67.5', MOCO),
                ('70.4', row('table6', 'nomix')),
                ('71.6', STANDARD),
                ('74.6', MCROP),
            ],
        ),
        (
            'Table 7',
            [
                ('44.5', '60.2', '71.1', '52.4', MOCO),
                ('45.1', '60.7', '71.6', '53.4', row('table7', 'stage4')),
                ('45.6', '64.0', '71.5', '54.5', row('table7', 'stage3')),
                ('46.0', '64.0', '71.6', '54.8', STANDARD),
            ],
        ),
        (
            r'Table A\.2',
            [
                ('70.4', row('table6', 'nomix')),
                ('70.2', row('appendix', '2positives')),
                ('71.6', STANDARD),
            ],
        ),
        (
            r'Table A\.3',
            [
                ('67.5', MOCO),
                ('70.4', row('table6', 'nomix')),
                ('70.1', row('appendix', 'mixup')),
                ('71.6', STANDARD),
            ],
        ),
    ],
)
def test_readme_has_the_rows_of_a_table(title, expected):
    found = [
        (*cells[1:-1], link(cells[-1]))
        for cells in section(title)
        if set(cells[0]) != {'-'}
    ]
    assert found == expected


def test_readme_has_the_points_of_figure_4a():
    rows = {
        int(k): (mixed, plain)
        for k, mixed, plain in section(r'Figure 4 \(a\)')
        if k.isdigit()
    }
    assert list(rows) == [0, 1, 5, 10, 100]
    figures = {}
    for k, cells in rows.items():
        tag = f'k{k}'
        expected = [row('figure4a', tag), row('figure4a', f'{tag}-nomix')]
        if k == 10:
            expected = [STANDARD, row('table6', 'nomix')]
        assert [link(cell) for cell in cells] == expected
        figures[k] = [re.match(r'\[([^]]*)\]', cell)[1] for cell in cells]
    assert figures == {
        0: ['68.6 (?)'] * 2,
        1: ['?'] * 2,
        5: ['?'] * 2,
        10: ['71.6', '70.4'],
        100: ['?'] * 2,
    }


def test_readme_names_every_folder():
    for folder in {path.parent for path in EXPECTED}:
        name = folder.relative_to(ROOT)
        assert f'{name}/*.py' in README
    for target in re.findall(r'\]\(([^)#]+)', README):
        if not target.startswith('https://'):
            assert (TABLES / target).exists(), target
    assert Path(STANDARD).is_file()
