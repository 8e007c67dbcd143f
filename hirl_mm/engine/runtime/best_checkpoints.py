"""The best checkpoint of a run that was killed while it changed."""

import re
from pathlib import Path
from typing import NamedTuple

from hirl_mm.checkpoints import read_checkpoint

from .found_checkpoints import RUN_KEY


class Best(NamedTuple):
    """A best checkpoint.

    Args:
        epoch: Number of complete epochs when it was saved.
        iter: Number of iterations.
        file: Path of the file.
        info: What the run knew then (``message_hub``).
    """

    epoch: int
    iter: int
    file: str
    info: dict


def best_checkpoints(
    folder: str | Path, key: str, template: str, run: str
) -> list[Best]:
    """Return the best checkpoints that a run has left, in order.

    There is one; two if the run was killed after it had saved a better one,
    and before it had removed the other. Files of other runs are left out.

    Args:
        folder: Folder of checkpoints.
        key: Metric; 'auto' for any.
        template: Names of checkpoints, with ``{}`` for the number.
        run: Name of the run, the entry ``RUN_KEY`` of its message hub.
    """
    metric = '.+' if key == 'auto' else re.escape(key.replace('/', '_'))
    number = r'\d+'.join(map(re.escape, template.split('{}')))
    pattern = re.compile(f'best_{metric}_{number}')
    found = []
    for file in Path(folder).glob('best_*'):
        if not (pattern.fullmatch(file.name) and file.is_file()):
            continue
        content = read_checkpoint(file)
        info = content['message_hub']['runtime_info']
        if info.get(RUN_KEY) == run:
            meta = content['meta']
            found.append(Best(meta['epoch'], meta['iter'], str(file), info))
    return sorted(found, key=lambda best: best[:3])
