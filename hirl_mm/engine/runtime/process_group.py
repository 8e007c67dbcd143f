import torch
import torch.distributed as dist
from mmengine.dist import init_dist


def join_processes(launcher: str) -> None:
    """Meet the other processes of a launcher, through gloo without a GPU.

    MMEngine's launchers select a CUDA device, which a machine without one
    refuses.

    Args:
        launcher: ``'pytorch'``, ``'slurm'`` or ``'mpi'``; ``'none'`` for a
            single process.
    """
    if launcher == 'none' or dist.is_initialized():
        return
    if torch.cuda.is_available():
        init_dist(launcher)
    else:
        dist.init_process_group('gloo')


def leave_processes() -> None:
    """Go on alone; what follows does not wait for the others."""
    if dist.is_initialized():
        dist.destroy_process_group()
