import os
from datetime import timedelta

import torch
import torch.distributed as dist
from mmengine.dist import init_dist

_RANK_VARIABLES = dict(
    pytorch='RANK', slurm='SLURM_PROCID', mpi='OMPI_COMM_WORLD_RANK'
)

# What torch.distributed reads of the environment, and MMEngine before it.
_GROUP = 'RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'
_VARIABLES = dict(
    pytorch=(*_GROUP, 'LOCAL_RANK'),
    slurm=('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'),
    mpi=('OMPI_COMM_WORLD_LOCAL_RANK', *_GROUP),
)
_STARTS = dict(
    pytorch='tools/dist_train.sh or torchrun',
    slurm='tools/slurm_train.sh',
    mpi='mpirun',
)


def check_launcher(launcher: str) -> None:
    """Check that a launcher has told this process about the others.

    Args:
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.

    Raises:
        ValueError: If a variable of the environment is missing.
    """
    if launcher == 'none':
        return
    # Without a GPU, gloo is initialised as PyTorch documents it.
    needed = _VARIABLES[launcher] if torch.cuda.is_available() else _GROUP
    missing = [name for name in needed if not os.environ.get(name)]
    if missing:
        raise ValueError(
            f'--launcher {launcher}, but the environment has no '
            f'{", ".join(missing)}: start the processes with '
            f'{_STARTS[launcher]}, or a single one without --launcher'
        )


def init_process_group(launcher: str, timeout: float | None = None) -> None:
    """Initialise the process group, with gloo if there is no GPU.

    MMEngine's ``init_dist`` selects a CUDA device, which fails on a machine
    without one. A group that is initialised already is kept.

    Args:
        launcher: ``'pytorch'``, ``'slurm'`` or ``'mpi'``; ``'none'`` for a
            single process, which needs no group.
        timeout: Seconds that a call may wait for other ranks; None for the
            default of the backend, ten minutes with NCCL and half an hour
            with gloo.
    """
    if launcher == 'none' or dist.is_initialized():
        return
    check_launcher(launcher)
    if torch.cuda.is_available():
        init_dist(launcher, timeout=timeout)
    else:
        limit = None if timeout is None else timedelta(seconds=timeout)
        dist.init_process_group('gloo', timeout=limit)


def rank_of_launcher(launcher: str) -> int:
    """Return the rank of this process before the group is initialised.

    Args:
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
    """
    return int(os.environ.get(_RANK_VARIABLES.get(launcher, ''), 0))


def destroy_process_group() -> None:
    """Destroy the process group, if there is one.

    Afterwards the current process does not wait for the others.
    """
    if dist.is_initialized():
        dist.destroy_process_group()
