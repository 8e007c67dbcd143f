"""What a result was measured on."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

import mmcv
import mmengine
import mmpretrain
import torch

_CPU_INFO = Path('/proc/cpuinfo')


def describe(device: str) -> dict:
    """Machine, versions, commit and date, for a JSON."""
    return dict(
        date=datetime.datetime.now().astimezone().isoformat('T', 'seconds'),
        commit=_git('rev-parse', 'HEAD'),
        uncommitted_changes=bool(_git('status', '--porcelain')),
        machine=platform.machine(),
        cpu=_cpu(),
        num_cores=os.cpu_count(),
        load_average=os.getloadavg()[0],
        device=_device_name(device),
        num_threads=torch.get_num_threads(),
        python=platform.python_version(),
        torch=torch.__version__,
        mmengine=mmengine.__version__,
        mmcv=mmcv.__version__,
        mmpretrain=mmpretrain.__version__,
    )


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


def _git(*args: str) -> str | None:
    """None outside a repository."""
    try:
        done = subprocess.run(
            ['git', *args],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
