"""How a training is told to read the images of a list."""

import os
import shlex
from collections.abc import Mapping

from hirl_mm.registry import type_name
from hirl_mm.studies.tool_command import tool_command

# Data sets that read the images of a list, each with the same arguments.
_TAKE_LISTS = 'FolderImages', 'CustomDataset'
_KEY = 'train_dataloader.dataset'


def list_options(dataset: Mapping, file: str | os.PathLike) -> dict:
    """Return the options of a config that make it read a list.

    Args:
        dataset: Config of the data set of the training.
        file: The list, with absolute paths, or paths in the folder of the
            data set.

    Returns:
        Values by key.

    Raises:
        ValueError: If the data set takes no list.
    """
    name = type_name(dataset.get('type'))
    if name not in _TAKE_LISTS:
        raise ValueError(
            f'a {name} reads no list: in a config of your own, use '
            f"dict(type='hirl_mm.FolderImages', ann_file={str(file)!r}, "
            'with_label=False, pipeline=...)'
        )
    options = {
        f'{_KEY}.ann_file': os.path.abspath(file),
        f'{_KEY}.with_label': False,
    }
    if dataset.get('indices') is not None:
        options[f'{_KEY}.indices'] = None
    return options


def train_command(
    config: str | os.PathLike, work_dir: str | os.PathLike, options: Mapping
) -> str:
    """Return the command that trains a config with other values.

    Args:
        config: Config file.
        work_dir: Folder of the new run.
        options: Values by key.
    """
    words = [*tool_command('train'), os.fspath(config)]
    words += ['--work-dir', os.fspath(work_dir)]
    if options:
        words += ['--cfg-options']
        words += [f'{key}={value}' for key, value in options.items()]
    return shlex.join(words)
