import logging

from mmengine.config import Config
from mmengine.logging import print_log

from hirl_mm.registry import type_name

from .process_group import init_process_group


def fit_to_cpu(cfg: Config) -> None:
    """Change a training config so that it runs without an accelerator.

    MMEngine's launchers select a CUDA device and wrap the model for this
    device. This function initialises the process group with gloo and wraps
    the model without a device. MMEngine rejects mixed precision on a CPU, so
    such a config trains in full precision, with a warning in the log.

    Args:
        cfg: A training config, changed in place.
    """
    optim_wrapper = cfg.get('optim_wrapper') or {}
    if type_name(optim_wrapper.get('type')) == 'AmpOptimWrapper':
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
    options = cfg.get('env_cfg', {}).get('dist_cfg', {})
    init_process_group(cfg.launcher, options.get('timeout'))
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
