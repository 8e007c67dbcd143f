"""Configs of this project in other projects, notebooks and tools."""

import re
import subprocess
import sys

import pytest
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import (
    METRICS,
    MODELS,
    PARAM_SCHEDULERS,
    DefaultScope,
    init_default_scope,
)

from hirl_mm.engine.hooks import HierarchicalKMeansHook
from tests.hooks import built_hooks
from tests.runs import NUMS, ROOT, run, settle
from tests.test_config_data import (
    DETECTION,
    OTHERS,
    SEGMENTATION,
    marked,
)
from tests.weightless import Weightless

# Ablations and modes differ from others by numbers alone.
DIFFERENT = [
    name
    for name in OTHERS
    if name.split('/')[0] not in ('ablations', 'modes')
    and not name.startswith('evaluation/frozen')
]


@pytest.fixture(autouse=True)
def scope_of_other_tests():
    """Tests below set MMEngine's default scope, which is global."""
    before = DefaultScope.get_current_instance()
    yield
    init_default_scope(before.scope_name if before else 'mmpretrain')


def inherited(name, tmp_path, scope='mmengine', more=''):
    path = tmp_path / 'mine.py'
    path.write_text(
        f"_base_ = 'hirl_mm::{name}'\ndefault_scope = '{scope}'\n{more}\n"
    )
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    return cfg


def check_parts_build(cfg):
    """All that a Runner builds except for the data."""
    # BEiT's tokenizer would be downloaded; no test needs a network.
    cfg.model.get('target_generator', {}).pop('init_cfg', None)
    model = dict(cfg.model)
    if 'data_preprocessor' in cfg:
        model['data_preprocessor'] = cfg.data_preprocessor
    with Weightless():
        model = MODELS.build(model)
    optim = dict(cfg.optim_wrapper, type='OptimWrapper')
    optim.pop('loss_scale', None)
    optimizer = build_optim_wrapper(model, optim).optimizer
    for scheduler in cfg.param_scheduler:
        defaults = dict(optimizer=optimizer, epoch_length=3)
        PARAM_SCHEDULERS.build(dict(scheduler), default_args=defaults)
    assert built_hooks(cfg)
    evaluator = cfg.get('val_evaluator')
    if evaluator and 'ann_file' not in evaluator:
        METRICS.build(dict(evaluator))


@pytest.mark.parametrize('name', marked(DIFFERENT))
def test_parts_build_in_another_scope(name, tmp_path):
    check_parts_build(inherited(name, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize('name', [*DETECTION, *SEGMENTATION])
def test_detectors_build_in_another_scope(name, tmp_path):
    package = 'mmseg' if name in SEGMENTATION else 'mmdet'
    pytest.importorskip(f'{package}.models')
    check_parts_build(inherited(name, tmp_path))


OWN_PACKAGE = dict(
    __init__='',
    registry="""
from mmengine.registry import TRANSFORMS as PARENT
from mmengine.registry import Registry

TRANSFORMS = Registry(
    'transform', parent=PARENT, scope='mine', locations=['mine.tag']
)
""",
    tag="""
from mmcv.transforms import BaseTransform

from mine.registry import TRANSFORMS


@TRANSFORMS.register_module()
class Tag(BaseTransform):
    def transform(self, results):
        return results | dict(tag='mine')
""",
)
OWN_STEP = """
train_dataloader = dict(
    dataset=dict(pipeline=[*_base_.train_dataloader.dataset.pipeline[:-1],
        dict(type='mine.Tag'), _base_.train_dataloader.dataset.pipeline[-1]])
)
"""


@pytest.mark.parametrize('scope', ['mmengine', 'mine'])
def test_hirl_trains_in_another_scope(scope, digits, tmp_path, monkeypatch):
    package = tmp_path / 'packages/mine'
    package.mkdir(parents=True)
    for name, text in OWN_PACKAGE.items():
        (package / f'{name}.py').write_text(text)
    monkeypatch.syspath_prepend(package.parent)
    cfg = inherited(
        'debug/hirl-dino_vit-4x64-p8_1xb64-mcrop-4e_digits.py',
        tmp_path,
        scope,
        OWN_STEP if scope == 'mine' else '',
    )
    settle(cfg, tmp_path / 'run')
    cfg.train_cfg.max_epochs = 3
    cfg.model.backbone.arch.update(embed_dims=32, num_layers=1)
    cfg.model.neck.update(in_channels=32)
    small = dict(data_root=str(digits), indices=96)
    cfg.train_dataloader.dataset.update(small)
    for part in 'gallery', 'queries':
        cfg.default_hooks.knn_probe[part].update(small)
    cfg.default_hooks.kmeans.update(num_prototypes=NUMS, num_restarts=1)
    runner = run(cfg)
    assert runner.default_scope.scope_name == scope
    assert runner.model.tree.num_prototypes == NUMS
    assert any(isinstance(h, HierarchicalKMeansHook) for h in runner.hooks)


NOTEBOOK = """
import sys
{first}
{second}
from mmengine.hub import get_config, get_model

assert 'hirl_mm.registry' not in sys.modules
name = 'hirl_mm::{recipe}.py'
cfg = get_config(name)
assert cfg.model.type == 'hirl_mm.{kind}', cfg.model.type
model = get_model(name)
print(type(model).__name__, model.data_preprocessor.mean.ravel().tolist())
"""
IMPORTS = 'import mmengine', 'import hirl_mm'


@pytest.mark.slow
@pytest.mark.parametrize(
    ('first', 'second', 'recipe', 'kind'),
    [
        (
            *IMPORTS,
            'debug/hirl-dino_vit-4x64-p8_1xb64-mcrop-4e_digits',
            'HIRLDINO',
        ),
        (
            *IMPORTS[::-1],
            'demo/hirl-mocov2_resnet18_1xb64-20e_digits',
            'HIRLMoCo',
        ),
    ],
)
def test_notebook_gets_configs_and_models(first, second, recipe, kind):
    """Whatever is imported first, and nothing else imported."""
    code = NOTEBOOK.format(
        first=first, second=second, recipe=recipe, kind=kind
    )
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert f'{kind} [127.5' in done.stdout.splitlines()[-1]


TOOL = """
import sys
from mmengine.config import Config

assert 'hirl_mm' not in sys.modules
print(Config.fromfile(sys.argv[1]).model.type)
"""


@pytest.mark.slow
def test_tool_of_another_package_reads_a_config(tmp_path):
    """The lines that docs give for it."""
    page = (ROOT / 'docs/install.md').read_text()
    blocks = re.findall(r'```py\n(.*?)```', page, re.DOTALL)
    (lines,) = (block for block in blocks if '__import__' in block)
    config = tmp_path / 'mine.py'
    config.write_text(lines)
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', TOOL, str(config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-1] == 'hirl_mm.HIRLMoCo'


def test_importing_the_package_imports_no_framework():
    code = (
        'import sys; import hirl_mm; '
        "print(*{'torch', 'mmengine', 'mmcv', 'numpy'} & set(sys.modules))"
    )
    command = [sys.executable, '-c', code]
    assert subprocess.check_output(command, cwd=ROOT, text=True) == '\n'
