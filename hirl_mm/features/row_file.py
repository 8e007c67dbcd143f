"""Rows on disk that are computed block by block; a stopped pass goes on."""

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hirl_mm.files import replacing

_ROWS = 'rows.npy'
_STATE = 'rows.json'


def stored_rows(
    folder: str | os.PathLike,
    num_rows: int,
    compute: Callable[[range], Tensor],
    facts: dict,
    block_size: int = 32768,
) -> Tensor:
    """Return rows that are computed once and kept in a folder.

    Blocks that an earlier call has written are not computed again, also if
    it was stopped. Rows that depend on something else are replaced, and so
    are rows whose checksum is not that of what was written.

    Args:
        folder: Folder of the rows, of one process.
        num_rows: Number of rows N.
        compute: Function from numbers of rows, c in succession, to the rows
            (c, D).
        facts: Everything that the rows depend on, as values for JSON.
        block_size: Number of rows that are computed at a time.

    Returns:
        (N, D) float16, mapped from disk: only what is used is read.
    """
    folder = Path(folder)
    facts = json.loads(json.dumps(facts | dict(num_rows=num_rows)))
    done, crc32 = _done(folder, facts)
    for start in range(done, num_rows, block_size):
        block = range(start, min(start + block_size, num_rows))
        rows = compute(block).to(torch.float16).cpu().numpy()
        _write(folder, rows, block, num_rows)
        crc32 = zlib.crc32(rows.tobytes(), crc32)
        with replacing(folder / _STATE) as temporary:
            state = dict(done=block.stop, crc32=crc32, facts=facts)
            temporary.write_text(json.dumps(state, indent=2) + '\n')
    # Mode 'c' (copy on write), since PyTorch warns of read-only memory.
    return torch.from_numpy(np.load(folder / _ROWS, mmap_mode='c'))


def _done(folder: Path, facts: dict) -> tuple[int, int]:
    """Return how many rows depend on the same facts, and their checksum."""
    try:
        state = json.loads((folder / _STATE).read_text())
        rows = np.load(folder / _ROWS, mmap_mode='r')[: state['done']]
        if state['facts'] != facts:
            return 0, 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0
    crc32 = 0
    for row in rows:
        crc32 = zlib.crc32(row, crc32)
    # Earlier versions wrote none.
    if crc32 != state.get('crc32', crc32):
        return 0, 0
    return state['done'], crc32


def _write(folder: Path, rows: np.ndarray, block: range, num: int) -> None:
    path = folder / _ROWS
    folder.mkdir(parents=True, exist_ok=True)
    if block.start == 0:
        (folder / _STATE).unlink(missing_ok=True)
        # Rows that were mapped from the old file stay as they are.
        path.unlink(missing_ok=True)
        shape = num, rows.shape[1]
        whole = np.lib.format.open_memmap(path, 'w+', rows.dtype, shape)
    else:
        whole = np.load(path, mmap_mode='r+')
    whole[block.start : block.stop] = rows
    whole.flush()
