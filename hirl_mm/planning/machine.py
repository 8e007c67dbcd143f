"""What the machine of a training offers."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

_GIB = 2**30
_MEMINFO = Path('/proc/meminfo')
_CGROUPS = (
    Path('/sys/fs/cgroup/memory.max'),
    Path('/sys/fs/cgroup/memory/memory.limit_in_bytes'),
)


@dataclass(frozen=True)
class Machine:
    """Cores, memory and accelerators that a training may use.

    Args:
        cores: Number of cores that this process may use.
        memory: Memory that is available, in GiB.
        gpus: Number of GPUs.
        gpu_memory: Memory of the smallest GPU, in GiB; 0 without GPUs.
        gpu_name: Name of the first GPU; empty without GPUs.
    """

    cores: int
    memory: float
    gpus: int = 0
    gpu_memory: float = 0.0
    gpu_name: str = ''

    @property
    def device_memory(self) -> float:
        """Memory that a process of a training may use, in GiB."""
        return self.gpu_memory if self.gpus else self.memory

    def __str__(self) -> str:
        cpu = f'{self.cores} CPU cores, {self.memory:.0f} GiB of free memory'
        if not self.gpus:
            return f'{cpu}, no GPU'
        return (
            f'{self.gpus} x {self.gpu_name} ({self.gpu_memory:.0f} GiB), '
            + cpu
        )


def this_machine() -> Machine:
    """Return what this process may use of its machine."""
    cores = len(os.sched_getaffinity(0))
    gpus = [
        torch.cuda.get_device_properties(i)
        for i in range(torch.cuda.device_count())
    ]
    return Machine(
        cores,
        available_memory() / _GIB,
        len(gpus),
        min((gpu.total_memory for gpu in gpus), default=0) / _GIB,
        gpus[0].name if gpus else '',
    )


def available_memory() -> int:
    """Return the memory that is available, in bytes.

    The smaller of what the system has left and of the limit of the container,
    if it has one.
    """
    lines = _MEMINFO.read_text().splitlines()
    values = dict(line.split(':', 1) for line in lines)
    left = int(values['MemAvailable'].split()[0]) * 1024
    for file in _CGROUPS:
        text = file.read_text().strip() if file.is_file() else 'max'
        if text.isdecimal():
            left = min(left, int(text))
    return left
