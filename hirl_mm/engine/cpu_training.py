import torch.distributed as dist
from mmengine.config import Config


def fit_to_cpu(cfg: Config) -> None:
    """Make a config train on machines without an accelerator.

    MMEngine's launchers select a CUDA device and wrap the model for one;
    without any, the processes meet through gloo and the model is wrapped
    without a device. A single process needs nothing.

    Args:
        cfg: A training config, changed in place.
    """
    if cfg.get('launcher', 'none') == 'none':
        return
    if not dist.is_initialized():
        dist.init_process_group('gloo')
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
