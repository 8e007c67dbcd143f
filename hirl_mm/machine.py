"""What the machine of a training offers."""

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

_GIB = 2**30
_MEMINFO = Path('/proc/meminfo')
_CGROUPS = Path('/sys/fs/cgroup')
_OWN_CGROUPS = Path('/proc/self/cgroup')
_OWN_PAGES = Path('/proc/self/statm')


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
        free = gibibytes(self.memory)
        cpu = f'{self.cores} CPU cores, {free} GiB of free memory'
        if not self.gpus:
            return f'{cpu}, no GPU'
        return (
            f'{self.gpus} x {self.gpu_name} ({self.gpu_memory:.0f} GiB), '
            + cpu
        )


def gibibytes(memory: float) -> str:
    """Return GiB as text, with a digit behind the point below 10."""
    return f'{memory:.0f}' if memory >= 10 else f'{memory:.1f}'


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

    The smallest of what the system has left, and what the limits of control
    groups (of a container or a batch system) and of ``ulimit -v`` leave beside
    this process.
    """
    lines = _MEMINFO.read_text().splitlines()
    values = dict(line.split(':', 1) for line in lines)
    left = int(values['MemAvailable'].split()[0]) * 1024
    virtual, resident, files = (
        int(pages) * resource.getpagesize()
        for pages in _OWN_PAGES.read_text().split()[:3]
    )
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        left = min(left, limit - virtual)
    groups = _OWN_CGROUPS.read_text() if _OWN_CGROUPS.is_file() else ''
    for limit in memory_limits(groups, _CGROUPS):
        # Pages of files are given back when memory is needed.
        left = min(left, limit - (resident - files))
    return max(0, left)


def memory_limits(groups: str, root: Path) -> Iterator[int]:
    """Yield the limits of the memory of control groups, in bytes.

    Args:
        groups: Content of ``/proc/self/cgroup``: the groups of a process.
        root: Folder of all groups. In a container it may be that of its own
            group.
    """
    for line in groups.splitlines():
        _, kinds, group = line.split(':', 2)
        if kinds == '':  # version 2
            top, name = root, 'memory.max'
        elif 'memory' in kinds.split(','):
            top, name = root / 'memory', 'memory.limit_in_bytes'
        else:
            continue
        folder = top / group.lstrip('/')
        for place in (folder, *folder.parents):
            file = place / name
            text = file.read_text().strip() if file.is_file() else 'max'
            if text.isdecimal():
                yield int(text)
            if place == top:
                break
