"""What this process and a folder use at a moment, on Linux."""

import gc
from pathlib import Path

import torch

_PROCESS = Path('/proc/self')
# What is counted, and in what.
UNITS = dict(
    resident_memory='MB',
    open_files='files',
    threads='threads',
    gpu_memory='MB',
    gpu_reserved='MB',
    folder_size='MB',
    folder_files='files',
)


def usage(folder: Path) -> dict[str, float]:
    """Return what this process and a folder use now.

    Garbage is collected before, so that only what is in use counts.

    Args:
        folder: Folder whose files, also those in its folders, are counted.

    Returns:
        Numbers by the names of ``UNITS``, memory in MB of 10^6 bytes; those
        of the GPU only if there is one.
    """
    gc.collect()
    status = dict(
        line.split(':', 1)
        for line in (_PROCESS / 'status').read_text().splitlines()
    )
    sizes = [f.stat().st_size for f in folder.rglob('*') if f.is_file()]
    found = dict(
        resident_memory=int(status['VmRSS'].split()[0]) * 1024 / 1e6,
        # The listing itself holds one file open.
        open_files=len(list((_PROCESS / 'fd').iterdir())) - 1,
        threads=int(status['Threads']),
        folder_size=sum(sizes) / 1e6,
        folder_files=len(sizes),
    )
    if torch.cuda.is_available():
        found['gpu_memory'] = torch.cuda.memory_allocated() / 1e6
        found['gpu_reserved'] = torch.cuda.memory_reserved() / 1e6
    return found
