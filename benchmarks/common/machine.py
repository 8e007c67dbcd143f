"""Description of the machine of a measurement."""

import datetime
import os
import platform
from pathlib import Path

import torch

from benchmarks.common.packages import versions
from hirl_mm.version import source_commit

# mmcv and the maintained forks of OpenMMLab have other distribution names.
_PACKAGES = dict(
    mmengine=('mmengine', 'onedl-mmengine'),
    mmcv=('mmcv', 'mmcv-lite', 'onedl-mmcv'),
    mmpretrain=('mmpretrain', 'onedl-mmpretrain'),
)
_CPU_INFO = Path('/proc/cpuinfo')


def describe(device: str) -> dict:
    """Return machine, versions, commit and date, as entries of a JSON.

    Call it before the measurement, during which someone may commit.

    Args:
        device: Device of the measurement, such as ``'cpu'`` or ``'cuda'``.
    """
    return dict(
        date=datetime.datetime.now().astimezone().isoformat('T', 'seconds'),
        commit=source_commit(),
        machine=platform.machine(),
        cpu=_cpu(),
        num_cores=os.cpu_count(),
        load_average=os.getloadavg()[0],
        device=_device_name(device),
        num_threads=torch.get_num_threads(),
        python=platform.python_version(),
        torch=torch.__version__,
        **{name: _installed(*names) for name, names in _PACKAGES.items()},
    )


def _installed(*distributions: str) -> str | None:
    found = versions(*distributions).values()
    return next(filter(None, found), None)


def _device_name(device: str) -> str:
    if torch.device(device).type == 'cuda':
        return torch.cuda.get_device_name()
    return device


def _cpu() -> str:
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text().splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor()
