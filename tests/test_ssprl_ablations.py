"""Configs and figures of the ablations of SS-PRL, row by row."""

import re

import pytest
from mmengine.optim import build_optim_wrapper

from tests.hooks import built_hooks
from tests.recipes import differences, full_model, load, without_amp
from tests.runs import ROOT

TABLES = ROOT / 'configs/ablations/ssprl'
NAME = 'ssprl_resnet50_2xb64-{}mcrop-amp-coslr-200e_coco14.py'
STANDARD = ROOT / 'configs/ssprl' / NAME.format('')
TWO_SCALES = TABLES / NAME.format('scales2-k300-300-')
ONE_SCALE = TABLES / 'table_s_c' / NAME.format('scales1-')
SHARED = TABLES / 'table_s_c' / NAME.format('scales2-shared-')
FROZEN = 'default_hooks.frozen_layers.layers'
# What a row changes in the recipe of two scales.
EXPECTED = {
    SHARED: {
        'model.head.shared_prototypes': True,
        'model.head.cross_weight': 0.0,
        FROZEN: ['prototypes'],
    },
}
for numbers in (3000, 1500), (300, 1500), (300, 150):
    tag = 'scales2-k{}-{}-'.format(*numbers)
    path = TABLES / 'table_s_d' / NAME.format(tag)
    EXPECTED[path] = {'model.head.num_prototypes': numbers}


def test_every_row_has_its_config():
    paths = {TWO_SCALES, ONE_SCALE, *EXPECTED}
    assert paths == set(TABLES.rglob('*.py')) and len(paths) == 6


def changed(old, new):
    """What a config changes, and in which scales of the pipeline."""
    old, new = load(old), load(new)
    found = [cfg.train_dataloader.dataset for cfg in (old, new)]
    pipelines = [dataset.pop('pipeline') for dataset in found]
    for cfg in old, new:
        cfg.pop('pyramid')
    views = differences(*(pipeline[1].to_dict() for pipeline in pipelines))
    assert pipelines[0][::2] == pipelines[1][::2]
    scales = [pipeline[1].scales for pipeline in pipelines]
    assert set(views) <= {'scales'}
    return differences(old.to_dict(), new.to_dict()), scales


def test_two_scales():
    """Section E: the first of the two scales of patches, 300 and 0.5."""
    found, (old, new) = changed(STANDARD, TWO_SCALES)
    assert found == {
        'model.neck.num_scales': 2,
        'model.head.num_prototypes': (300, 300),
        'model.head.num_patches': (4,),
        'model.head.weights': (1.0, 0.5),
        'model.head.queue_lengths': (1920, 4992),
    }
    assert new == old[:1]


def test_whole_images_alone():
    found, (_, scales) = changed(TWO_SCALES, ONE_SCALE)
    assert found == {
        'model.neck.num_scales': 1,
        'model.head.num_prototypes': (300,),
        'model.head.num_patches': (),
        'model.head.weights': (1.0,),
        'model.head.queue_lengths': (1920,),
        FROZEN: ['prototypes'],
    }
    assert scales == []


@pytest.mark.parametrize('path', EXPECTED, ids=lambda path: path.stem[21:-30])
def test_config_of_a_row(path):
    """It differs by the row alone."""
    found, (old, new) = changed(TWO_SCALES, path)
    assert found == EXPECTED[path] and old == new


@pytest.mark.slow
@pytest.mark.parametrize('path', [TWO_SCALES, ONE_SCALE, *EXPECTED])
def test_parts_of_a_row_fit_together(path):
    cfg = load(path)
    model = full_model(cfg)
    head = model.head
    num_scales = len(head.weights)
    assert len(model.neck.scales) == len(head.queues) == num_scales
    shared = path == SHARED
    assert len(head.prototypes) == (1 if shared else num_scales)
    assert len(head.correlations) == (0 if shared else num_scales - 1)
    scales = cfg.train_dataloader.dataset.pipeline[1].scales
    assert head.num_patches == tuple(s.grid**2 for s in scales)
    for patches, queue in zip(
        (1, *head.num_patches), head.queues, strict=True
    ):
        queue.check_batch(128, patches)
    assert build_optim_wrapper(model, without_amp(cfg))
    names = [name for name, _ in model.named_parameters()]
    (hook,) = (h for h in built_hooks(cfg) if hasattr(h, 'layers'))
    for layer in hook.layers:
        assert any(layer in name for name in names)


README = (TABLES / 'README.md').read_text()
ROWS = re.findall(
    r'^\| (.+) \| ([\d.]+) \| \[(\S+)\]\((\S+)\) \|$', README, re.M
)


def test_readme_has_the_figures_of_both_tables():
    found = [
        (row, figure, (TABLES / link).resolve())
        for row, figure, _, link in ROWS
    ]
    table_d = [
        (*pair, figure)
        for pair, figure in zip(
            [(3000, 1500), (300, 1500), (300, 300), (300, 150), (300, 0)],
            ['77.6', '79.6', '79.9', '79.9', '79.2'],
            strict=True,
        )
    ]
    configs = {(300, 300): TWO_SCALES, (300, 0): ONE_SCALE} | {
        numbers['model.head.num_prototypes']: path
        for path, numbers in EXPECTED.items()
        if path != SHARED
    }
    assert found == [
        ('whole images alone', '79.2', ONE_SCALE),
        ('the same for both scales', '77.8', SHARED),
        ('of their own, with a correlation learner', '79.9', TWO_SCALES),
        *(
            (f'{k_0} | {k_1}', figure, configs[k_0, k_1])
            for k_0, k_1, figure in table_d
        ),
    ]
    for *_, name, link in ROWS:
        assert f'-{name}-mcrop-' in link


def test_readme_names_every_folder():
    assert '**The figures are the paper' in README
    for path in EXPECTED:
        assert f'{path.parent.relative_to(ROOT)}/*.py' in README
    for target in re.findall(r'\]\(([^)#]+)', README):
        if not target.startswith('https://'):
            assert (TABLES / target).exists(), target
