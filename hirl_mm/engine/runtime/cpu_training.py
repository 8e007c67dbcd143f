import logging

from mmengine.config import Config
from mmengine.logging import print_log

from hirl_mm.registry import type_name

from .process_group import join_processes


def fit_to_cpu(cfg: Config) -> None:
    """Make a config train on machines without an accelerator.

    MMEngine's launchers select a CUDA device and wrap the model for one;
    without any, the processes meet through gloo and the model is wrapped
    without a device. A recipe with mixed precision, which MMEngine refuses
    there, trains in full precision, and the log says so.

    Args:
        cfg: A training config, changed in place.
    """
    if type_name(cfg.optim_wrapper.get('type')) == 'AmpOptimWrapper':
        cfg.optim_wrapper.type = 'OptimWrapper'
        for option in ('loss_scale', 'dtype', 'use_fsdp'):
            cfg.optim_wrapper.pop(option, None)
        print_log(
            'no accelerator: the mixed precision of the config is off',
            'current',
            logging.WARNING,
        )
    if cfg.get('launcher', 'none') == 'none':
        return
    join_processes(cfg.launcher)
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
