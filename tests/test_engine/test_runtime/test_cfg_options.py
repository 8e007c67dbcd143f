"""Options of the command line for the hooks of a config."""

import pytest
from mmengine.config import Config

from hirl_mm.engine.runtime.cfg_options import merge_options
from hirl_mm.engine.runtime.config_file import ConfigError, read_config
from tests.runs import ROOT
from tests.tool_process import run_tool

DEMO = 'configs/demo/hirl-mocov2_resnet18_1xb64-20e_digits.py'
SIMSIAM = 'configs/debug/hirl-simsiam_resnet18_1xb64-4e_digits.py'


def merged(path, **options):
    cfg = Config.fromfile(ROOT / path)
    options = {key.replace('__', '.'): value for key, value in options.items()}
    merge_options(cfg, options)
    return cfg


def test_hooks_by_name():
    options = dict(
        default_hooks__kmeans__mode='bank',
        default_hooks__epoch_time__type='hirl_mm.EpochTimeHook',
        default_hooks__knn_probe=None,
        default_hooks__timer=None,
    )
    hooks = merged(DEMO, **options).default_hooks
    assert hooks.kmeans.mode == 'bank' and hooks.kmeans.start_epoch == 10
    assert hooks.epoch_time == dict(type='hirl_mm.EpochTimeHook')
    assert 'knn_probe' not in hooks
    # MMEngine's Runner removes its own hook by this.
    assert hooks.timer is None


def test_hooks_of_mmpretrain_by_index():
    cfg = merged(SIMSIAM, custom_hooks__0__lr=0.5)
    assert cfg.custom_hooks[0].lr == 0.5


def test_no_options():
    cfg = Config.fromfile(ROOT / DEMO)
    merge_options(cfg, None)
    assert cfg.pretty_text == Config.fromfile(ROOT / DEMO).pretty_text


@pytest.mark.parametrize(
    ('path', 'options', 'message'),
    [
        (
            DEMO,
            dict(custom_hooks__0__mode='bank'),
            'custom_hooks has no entry 0. .* this config knn_probe, kmeans. '
            'Fix with: default_hooks.NAME.mode=VALUE',
        ),
        (
            SIMSIAM,
            dict(custom_hooks__0__mode='bank'),
            'entry 0 of custom_hooks, mmpretrain.SimSiamHook, takes no mode. '
            '.* default_hooks.NAME.mode=VALUE',
        ),
        (
            DEMO,
            dict(default_hooks__kmean__mode='bank'),
            'default_hooks.kmean.mode: the config has no hook named kmean, '
            'but .*, knn_probe, kmeans. ',
        ),
    ],
)
def test_hooks_that_are_not_there(path, options, message):
    with pytest.raises(ConfigError, match=message):
        merged(path, **options)


@pytest.mark.slow
def test_tool_says_so_in_one_line(tmp_path):
    options = '--cfg-options', 'custom_hooks.0.mode=bank'
    run = run_tool('train', ROOT / DEMO, '--work-dir', tmp_path, *options)
    assert run.returncode == 1
    (line,) = run.stdout.strip().splitlines()
    start = 'error: custom_hooks.0.mode: custom_hooks has no entry 0'
    assert line.startswith(start)
    assert not list(tmp_path.iterdir())


def test_config_that_changes_an_entry_that_has_a_name_now(tmp_path):
    path = tmp_path / 'old.py'
    path.write_text(
        f'_base_ = {str(ROOT / DEMO)!r}\n'
        "custom_hooks = [dict(_base_.custom_hooks[0], mode='fast')]\n"
    )
    with pytest.raises(ConfigError, match=r'Fix with, .*kmeans=dict\(mode='):
        read_config(str(path))


def test_other_errors_of_a_config_are_named(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(f'_base_ = {str(ROOT / DEMO)!r}\nx = _base_.nothing\n')
    with pytest.raises(ConfigError, match='AttributeError: .*nothing'):
        read_config(str(path))
