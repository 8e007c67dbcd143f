"""Options that a config does not have yet, and that go on to work."""

import pytest
from mmengine.config import Config

from hirl_mm.engine.runtime.cfg_options import merge_options
from hirl_mm.engine.runtime.config_file import ConfigError
from hirl_mm.engine.runtime.option_names import check_config_names
from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks
from tests.runs import ROOT

DEMO = ROOT / 'configs/demo/hirl-mocov2_resnet18_1xb64-20e_digits.py'


@pytest.mark.parametrize(
    'options',
    [
        {'model.backbone.frozen_stages': 1},
        {'model.backbone.init_cfg.checkpoint': 'a.pth'},
        {'model.data_preprocessor.mean': [1.0]},
        {'default_hooks.kmeans.priority': 'LOW'},
        {'default_hooks.knn_probe.bank.data_root': 'elsewhere'},
        {
            'default_hooks.x.type': 'hirl_mm.EpochTimeHook',
            'default_hooks.x.y': 1,
        },
        {'env_cfg.cudnn_benchmark': True},
        {'optim_wrapper.accumulative_counts': 2},
        {'optim_wrapper.clip_grad.max_norm': 1.0},
        {'optim_wrapper.paramwise_cfg.norm_decay_mult': 0},
        {'param_scheduler.0.verbose': True},
        {'train_dataloader.prefetch_factor': 2},
        {'train_dataloader.dataset.indices': 5},
        {'train_cfg.val_interval': 2},
        {'views': 'device'},
        {'note': 'mine'},
    ],
)
def test_new_keys_that_something_reads(options):
    cfg = Config.fromfile(DEMO)
    add_standard_hooks(cfg, training=True)
    merge_options(cfg, options)
    for option, value in options.items():
        found = cfg
        for name in option.split('.'):
            found = found[int(name) if isinstance(found, list) else name]
        assert found == value


def test_variables_of_a_file():
    check_config_names(Config(dict(models=1, val_evaluator_dice=1, cfg=1)))
    with pytest.raises(ConfigError, match='optim_wraper. Did you mean optim_'):
        check_config_names(Config(dict(optim_wraper=1)))
