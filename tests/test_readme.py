"""README and docs are true: commands and files exist, configs build."""

import re
import shlex

import pytest
from mmengine.config import Config
from mmengine.model.weight_init import initialize
from mmengine.registry import init_default_scope
from torch import nn

from hirl_mm.models import HIRLMoCo
from hirl_mm.registry import HOOKS, MODELS
from tests.runs import ROOT

README = (ROOT / 'README.md').read_text()


EVALUATION = (ROOT / 'docs/evaluation.md').read_text()
DETECTION = (ROOT / 'docs/detection.md').read_text()
METHODS = (ROOT / 'docs/methods.md').read_text()
WEIGHTS = (ROOT / 'docs/weights.md').read_text()


def blocks(language, text=README):
    return re.findall(rf'```{language}\n(.*?)```', text, re.DOTALL)


def test_it_is_short():
    """The first screen and links; the pages of docs have the rest."""
    assert len(README.splitlines()) <= 150


def test_config_of_the_opening_builds(tmp_path):
    (example,) = blocks('python')
    (tmp_path / 'example.py').write_text(example)
    cfg = Config.fromfile(tmp_path / 'example.py')
    init_default_scope(cfg.default_scope)
    assert type(MODELS.build(cfg.model)) is HIRLMoCo
    hook = HOOKS.build(cfg.default_hooks.kmeans)
    assert hook.start_epoch == 20
    assert cfg.train_dataloader.collate_fn == dict(
        type='hirl_mm.default_collate', _scope_='mmpretrain'
    )


def test_config_that_takes_weights(tmp_path):
    example, *_ = blocks('python', WEIGHTS)
    (tmp_path / 'example.py').write_text(example)
    init_cfg = Config.fromfile(tmp_path / 'example.py').init_cfg
    with pytest.raises(FileNotFoundError, match=r'epoch_200.pth'):
        initialize(nn.Linear(1, 1), dict(init_cfg))


@pytest.mark.parametrize(
    'text',
    [README, EVALUATION, DETECTION],
    ids=['README', 'evaluation', 'detection'],
)
def test_named_files_exist(text):
    shell = '\n'.join(blocks('shell', text)).replace('\\\n', ' ')
    lines = shell.splitlines()
    lines += re.findall(r'`((?:python|bash|torchrun) [^`]*)`', text)
    words = [word for line in lines for word in shlex.split(line, True)]
    paths = {
        w for w in words if re.match(r'(tools|configs)/[^$]*\.(py|sh)$', w)
    }
    paths |= set(re.findall(r'`(configs/[^`*]*|hirl_mm/[a-z]*)`', text))
    paths |= set(re.findall(r'\]\((docs/[^)]*|configs/[^)]*)\)', text))
    assert paths
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert not missing


def test_every_protocol_is_in_the_table_of_the_evaluation():
    recipes = {
        f'{path.parent.name}/{path.name}'
        for path in (ROOT / 'configs/evaluation').glob('*/*.py')
        if path.parent.name not in ('_base_', 'demo')
    }
    named = set(re.findall(r'`([a-z0-9]+/[\w-]+\.py)`', EVALUATION))
    assert recipes <= named


def test_every_detector_is_in_its_table():
    recipes = {
        str(path.relative_to(ROOT / 'configs'))
        for folder in ('detection', 'segmentation')
        for path in (ROOT / 'configs' / folder).rglob('*_*.py')
        if path.parent.name not in ('_base_', 'demo')
    }
    named = set(re.findall(r'`([\w/-]+\.py)`', DETECTION))
    assert recipes and recipes <= named


def test_every_recipe_is_in_the_table_of_methods():
    recipes = {path.name for path in (ROOT / 'configs/hirl').glob('*.py')}
    rows = re.findall(r'^\| HIRL-[^|]*\| `([^`]*)`', METHODS, re.MULTILINE)
    assert len(rows) == len(recipes) and set(rows) == recipes


def test_every_table_and_figure_of_the_papers_has_a_row():
    text = (ROOT / 'docs/papers.md').read_text()
    parts = dict(
        part.split('\n', 1) for part in re.split(r'^## ', text, flags=re.M)[1:]
    )
    expected = {
        'HIRL': [f'Table {n}' for n in range(1, 9)] + ['Figure 2', '3, 4'],
        'HCCL': [*map(str, range(1, 11)), 'Figures 5, 6'],
        'CsMl': [f'Table {n}' for n in range(1, 8)] + ['Tables A.1 to A.3'],
        'SS-PRL': ['Table S-A', 'Table S-B', 'Tables S-C, S-D', 'Figure A1'],
    }
    for paper, names in expected.items():
        first = ' '.join(re.findall(r'^\| ([^|]+) \|', parts[paper], re.M))
        assert not [name for name in names if name not in first], paper
    places = 'configs', 'configs/evaluation', 'configs/hirl', '.'
    for name in re.findall(r'`(\w[\w/.*-]+\.py)`', text):
        found = [any((ROOT / place).glob(name)) for place in places]
        assert any(found), name


def test_targets_exist():
    targets = set(re.findall(r'\bmake ([a-z]+)', README))
    assert {'demo', 'test'} <= targets
    makefile = (ROOT / 'Makefile').read_text()
    for target in targets:
        assert re.search(rf'^{target}:', makefile, re.MULTILINE), target
