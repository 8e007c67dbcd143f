"""MMEngine's new-style configs: pure Python, with classes as types.

Every config runs in a process of its own, as on a command line, so that
nothing that another test registered or entered helps to find a name.
"""

import json
import math
import subprocess
import sys

import pytest
from mmengine.config import Config

from hirl_mm.engine.hooks import HierarchicalKMeansHook
from hirl_mm.models import HIRLAlgorithm
from tests.runs import ROOT

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
def test_recipe_trains(name, digits, tmp_path):
    command = [sys.executable, '-c', RUN, FOLDER / f'{name}.py', digits]
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
