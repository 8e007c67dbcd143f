"""Places of a machine for runs that are made at the same time."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch

# Of torch.distributed, in tools/dist_train.sh.
_PORT = 29500


@dataclass(frozen=True)
class Slots:
    """Places for runs that are made at the same time.

    Args:
        num: Number of places.
        threads: Threads of every process in a place.
        gpus: Numbers of the GPUs of a place, such as ``'0'`` or ``'0,1'``;
            the places take turns. Empty for none.
    """

    num: int
    threads: int = 1
    gpus: Sequence[str] = ()

    def environment(self, place: int) -> dict[str, str]:
        """Environment variables of the process in a place."""
        port = int(os.environ.get('PORT', _PORT)) + place
        env = {
            **os.environ,
            'OMP_NUM_THREADS': str(self.threads),
            'PORT': str(port),
        }
        if self.gpus:
            env['CUDA_VISIBLE_DEVICES'] = self.gpus[place % len(self.gpus)]
        return env


def share_machine(jobs: int | None = None, gpus: int = 1) -> Slots:
    """Share the GPUs, or the cores, of this machine among runs.

    Args:
        jobs: Number of runs at the same time; None for as many as have GPUs
            of their own or, without a GPU, cores.
        gpus: Number of processes of a run; each has a GPU if there is one.

    Raises:
        ValueError: If ``jobs`` is below 1, or the machine has GPUs, but fewer
            than a run needs.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f'jobs must be at least 1, got {jobs}')
    num_gpus = torch.cuda.device_count()
    if 0 < num_gpus < gpus:
        raise ValueError(
            f'a run of {gpus} processes needs as many GPUs; this machine '
            f'shows {num_gpus}'
        )
    visible = os.environ.get('CUDA_VISIBLE_DEVICES')
    numbers = visible.split(',') if visible else map(str, range(num_gpus))
    numbers = list(numbers)[:num_gpus]
    groups = [
        ','.join(numbers[first : first + gpus])
        for first in range(0, num_gpus - gpus + 1, gpus)
    ]
    cores = len(os.sched_getaffinity(0))
    jobs = jobs or len(groups) or max(1, cores // gpus)
    return Slots(jobs, max(1, cores // (jobs * gpus)), tuple(groups))
