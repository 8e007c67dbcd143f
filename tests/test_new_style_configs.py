"""MMEngine's new-style configs: pure Python, with classes as types.

Every config runs in a process of its own, as on a command line, so that
nothing that another test registered or entered helps to find a name.
"""

import json
import math
import subprocess

import pytest
from mmengine.config import Config

from hirl_mm.engine.hooks import HierarchicalKMeansHook, KNNProbeHook
from hirl_mm.models import HIRLAlgorithm, HIRLMoCo
from tests.runs import NUMS, ROOT, run, settle

FOLDER = ROOT / 'tests/new_style'
HOOKS = {
    'hirl_mocov2': ('HIRLMoCo', []),
    'hirl_dino': (
        'HIRLDINO',
        ['TeacherUpdateHook', 'ParameterClipHook', 'FrozenLayersHook'],
    ),
    'hirl_byol': ('HIRLBYOL', []),
}
RUN = """
import json, sys
from mmengine.config import Config
from mmengine.runner import Runner

config, digits, work_dir = sys.argv[1:]
cfg = Config.fromfile(config)
cfg.train_dataloader.dataset.data_root = digits
for part in 'gallery', 'queries':
    cfg.default_hooks.knn_probe[part].data_root = digits
cfg.work_dir = work_dir
runner = Runner.from_cfg(cfg)
runner.train()
json.dump(
    dict(
        model=type(runner.model).__name__,
        hooks=[type(hook).__name__ for hook in runner.hooks],
        in_channels=runner.model.spd_head.in_channels,
        losses={
            name: buffer.current()
            for name, buffer in runner.message_hub.log_scalars.items()
            if 'loss' in name
        },
    ),
    sys.stdout,
)
"""


@pytest.mark.parametrize('name', HOOKS)
def test_recipe_trains(name, digits, warm_python, tmp_path):
    command = [warm_python, '-c', RUN, FOLDER / f'{name}.py', digits]
    done = subprocess.run(
        [*command, tmp_path], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    run = json.loads(done.stdout.splitlines()[-1])
    model, hooks = HOOKS[name]
    assert run['model'] == model
    assert {'HierarchicalKMeansHook', 'KNNProbeHook', *hooks} < set(
        run['hooks']
    )
    assert run['in_channels'] == 16
    assert all(math.isfinite(loss) for loss in run['losses'].values())
    assert run['losses']['train/loss_spd'] > 0
    assert (tmp_path / 'prototype_trees/epoch_2.pth').exists()


def test_composed_recipe_names_classes():
    cfg = Config.fromfile(FOLDER / 'hirl_byol.py')
    assert cfg.model.type is HIRLAlgorithm
    assert cfg.default_hooks.kmeans.type is HierarchicalKMeansHook


RECIPES = {
    str(path.relative_to(ROOT / 'configs')): path
    for folder in (
        *('beit', 'dino', 'ibot', 'mocov2', 'mocov3', 'simsiam', 'swav'),
        *('hccl', 'csml', 'ssprl', 'hirl', 'modes', 'demo'),
    )
    for path in (ROOT / 'configs' / folder).glob('*.py')
}
RECIPES |= {
    f'_base_/{name}.py': ROOT / f'configs/_base_/{name}.py'
    for name in ('kmeans_hook', 'neighbors_hook', 'knn_imagenet')
}
DEMO = 'demo/hirl-mocov2_resnet18_1xb64-20e_digits.py'


def module_of(name):
    """Name of the module for ``read_base``."""
    name = name.removesuffix('.py').replace('-', '_').replace('/', '.')
    return f'hirl_mm.configs.{name}'


def read_new_style(name, tmp_path, more=''):
    """A new-style config of another project that inherits a recipe.

    MMEngine does not find an editable install, which the tests may run in:
    the package lies beside the config.
    """
    (tmp_path / 'hirl_mm').symlink_to(ROOT / 'hirl_mm')
    config = tmp_path / 'mine.py'
    config.write_text(
        'from mmengine.config import read_base\n'
        f'with read_base():\n    from .{module_of(name)} import *\n{more}'
    )
    return Config.fromfile(config)


def test_every_recipe_can_be_inherited():
    folder = ROOT / 'hirl_mm/configs'
    there = {str(p.relative_to(folder)) for p in folder.rglob('*.py')}
    assert there == {name.replace('-', '_') for name in RECIPES}


@pytest.mark.parametrize('name', RECIPES)
def test_inherited_recipe_has_the_numbers_of_the_config(name, tmp_path):
    cfg = read_new_style(name, tmp_path)
    assert cfg.to_dict() == Config.fromfile(RECIPES[name]).to_dict()


def test_inherited_recipe_trains(digits, tmp_path):
    """Parts are changed, and a type becomes a class."""
    more = (
        'from hirl_mm.models import HIRLMoCo\n'
        'model.update(type=HIRLMoCo, queue_len=128)\n'
        'model.backbone.update(base_channels=8, stem_channels=8)\n'
        'model.neck.update(in_channels=64)\n'
        'train_cfg.update(max_epochs=2)\n'
        f'small = dict(data_root={str(digits)!r}, indices=96)\n'
        'train_dataloader.dataset.update(small)\n'
        'default_hooks.knn_probe.gallery.update(small)\n'
        'default_hooks.knn_probe.queries.update(small)\n'
        f'default_hooks.kmeans.update(num_prototypes={NUMS}, start_epoch=1)\n'
    )
    cfg = read_new_style(DEMO, tmp_path, more)
    settle(cfg, tmp_path / 'run')
    runner = run(cfg)
    assert type(runner.model) is HIRLMoCo
    assert runner.model.tree.num_prototypes == NUMS
    assert any(isinstance(hook, KNNProbeHook) for hook in runner.hooks)
