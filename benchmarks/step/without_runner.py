import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import init_default_scope


def set_up(num_threads: int) -> None:
    """Do what a Runner does before it builds a model, without its log.

    Args:
        num_threads: Number of threads of PyTorch.
    """
    torch.set_num_threads(num_threads)
    init_default_scope('mmpretrain')
    MMLogger.get_instance('benchmark', log_level='ERROR')
    # Schedules of moving averages read it.
    MessageHub.get_current_instance().update_info('max_iters', 10**6)
