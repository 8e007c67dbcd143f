"""Hooks of the package in custom_hooks, where older configs have them."""

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from hirl_mm.engine.hooks import HierarchicalKMeansHook, KNNProbeHook
from tests.hooks import built_hooks
from tests.runs import ROOT, run, small_config

PLAIN = sorted(
    f'{path.parent.name}/{path.name}'
    for path in (ROOT / 'configs').glob('*/*_in1k.py')
    if not path.name.startswith('hirl-')
)


def unnamed(cfg, *names):
    """Move hooks from default_hooks to custom_hooks, as they once were."""
    cfg.custom_hooks = [cfg.default_hooks.pop(name) for name in names]
    return cfg


def log_of(work_dir):
    (log,) = work_dir.glob('*/*.log')
    return log.read_text()


def test_old_config_trains_and_one_line_says_the_new_way(digits, tmp_path):
    cfg = small_config(digits, tmp_path, epochs=1, start_epoch=0)
    cfg.default_hooks.clip = dict(
        type='hirl_mm.ParameterClipHook', max_norm=1.0
    )
    runner = run(unnamed(cfg, 'kmeans', 'clip'))
    assert runner.model.tree.num_prototypes == (12, 4, 2)
    (line,) = [
        line
        for line in log_of(tmp_path).splitlines()
        if 'in custom_hooks: ' in line
    ]
    assert 'WARNING' in line
    assert 'HierarchicalKMeansHook, ParameterClipHook in custom_hooks' in line
    assert "kmeans=dict(type='hirl_mm.HierarchicalKMeansHook', ...)" in line
    assert "clip=dict(type='hirl_mm.ParameterClipHook', ...)" in line
    assert 'default_hooks.kmeans.ARGUMENT=VALUE' in line


def test_nothing_is_said_of_hooks_with_names(digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    cfg.custom_hooks = [dict(type='EmptyCacheHook')]
    Runner.from_cfg(cfg).call_hook('before_run')
    assert 'in custom_hooks' not in log_of(tmp_path)


def test_hook_in_both_places(digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    cfg.custom_hooks = [dict(cfg.default_hooks.kmeans, mode='fast')]
    message = 'MeansHook is in custom_hooks and, as kmeans, in default_hooks'
    with pytest.raises(ValueError, match=message):
        run(cfg)


@pytest.mark.parametrize('plain', PLAIN)
def test_old_config_of_hirl_on_a_recipe(plain, tmp_path):
    """The leaf as it was written: first its hook, then those of the base."""
    path = tmp_path / 'old.py'
    path.write_text(
        f"_base_ = ['hirl_mm::{plain}', 'hirl_mm::_base_/kmeans_hook.py']\n"
        'custom_hooks = [\n'
        '    dict(_base_.kmeans_hook, start_epoch=20),\n'
        '    *_base_.custom_hooks,\n'
        ']\n'
    )
    old = built_hooks(Config.fromfile(path))
    plain = built_hooks(Config.fromfile(ROOT / 'configs' / plain))
    added = [type(hook) for hook in old]
    for hook in plain:
        added.remove(type(hook))
    assert added == [HierarchicalKMeansHook]
    assert any(isinstance(hook, KNNProbeHook) for hook in plain)
