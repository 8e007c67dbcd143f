"""Data sets as folders that are written whole or not at all.

Every folder has a file ``dataset.json`` that describes its contents::

    {"dataset": "digits",
     "parameters": {"image_size": 32, "num_val": 297, "seed": 0,
                    "version": 1},
     "contents": {"train": 1500, "val": 297}}

``contents`` counts the images and annotations of each subfolder; a single
file counts 1.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from hirl_mm.datasets.image_files import folders_in

RECORD = 'dataset.json'
DATA_SUFFIXES = ('.jpeg', '.jpg', '.json', '.png', '.txt', '.xml')


def write_folder(
    root: str | os.PathLike,
    dataset: str,
    parameters: Mapping[str, float],
    fill: Callable[[Path], None],
) -> Path:
    """Write a data set to ``root``, or reuse it if it exists already.

    Args:
        root: Folder of the data set. It may exist if it is empty or holds
            the same data set with the same parameters.
        dataset: Name of the data set.
        parameters: All parameters that the images depend on, including the
            version of the code that makes them.
        fill: Function that writes the files of the data set into the folder
            it gets, a temporary folder that is renamed to ``root`` at the
            end.

    Returns:
        ``root``.

    Raises:
        FileExistsError: If ``root`` holds other files.
    """
    target = Path(root).resolve()
    if _holds(target, dataset, parameters):
        return Path(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f'.{target.name}-', dir=target.parent
    ) as temporary:
        folder = Path(temporary, target.name)
        folder.mkdir()
        fill(folder)
        record = {
            'dataset': dataset,
            'parameters': parameters,
            'contents': {p.name: _size(p) for p in sorted(folder.iterdir())},
        }
        (folder / RECORD).write_text(json.dumps(record, indent=2) + '\n')
        try:
            folder.replace(target)
        except OSError:  # another process may have written it by now
            if not _holds(target, dataset, parameters):
                raise
    return Path(root)


def describe_folder(root: str | os.PathLike) -> str:
    """Return one line that describes a folder of :func:`write_folder`.

    Example:
        >>> from hirl_mm.datasets.toy import write_digits
        >>> describe_folder(write_digits('data/digits'))
        'data/digits: 1500 train and 297 val images of 10 classes'
    """
    contents = json.loads(Path(root, RECORD).read_text())['contents']
    num_classes = len(folders_in(Path(root, 'train')))
    return (
        f'{root}: {contents["train"]} train and {contents["val"]} val images '
        f'of {num_classes} classes'
    )


def save_png(image: np.ndarray | Image.Image, path: Path) -> None:
    """Save an image as PNG and create its folder.

    Args:
        image: Image, or array (H, W, 3) uint8.
        path: Path of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(path, format='PNG')


def check_at_least(minimum: int, **arguments: int) -> None:
    """Raise a ValueError unless all arguments are integers >= ``minimum``."""
    for name, value in arguments.items():
        if not isinstance(value, int) or value < minimum:
            raise ValueError(
                f'{name} must be an integer of at least {minimum}, '
                f'got {value!r}'
            )


def _holds(root: Path, dataset: str, parameters: Mapping[str, float]) -> bool:
    """Return whether ``root`` holds the data set; raise if it holds another.

    Returns False if ``root`` does not exist or is empty.
    """
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    record = _read_record(root)
    asked = _call(dataset, parameters)
    if record is None:
        found = 'a file' if root.is_file() else 'other files'
        raise FileExistsError(
            f'{root} is in use: asked for {asked}, found {found}. Choose '
            f'another folder.'
        )
    found = _call(record['dataset'], record['parameters'])
    if found == asked:
        missing = [
            f'{_size(root / name)} of {number} in {name}'
            for name, number in record['contents'].items()
            if _size(root / name) != number
        ]
        if not missing:
            return True
        found = f'{found} with files lost or added ({", ".join(missing)})'
    raise FileExistsError(
        f'{root} is in use: asked for {asked}, found {found}. Choose another '
        f'folder or delete this one.'
    )


def _read_record(root: Path) -> dict | None:
    try:
        record = json.loads((root / RECORD).read_text())
    except (OSError, ValueError):
        return None
    expected = {'dataset', 'parameters', 'contents'}
    if not isinstance(record, dict) or set(record) != expected:
        return None
    return record


def _call(dataset: str, parameters: Mapping[str, float]) -> str:
    return f'{dataset}({", ".join(f"{k}={v}" for k, v in parameters.items())})'


def _size(path: Path) -> int:
    """Count the data files below a folder; 1 for a file, 0 if not there."""
    if path.is_dir():
        files = path.rglob('*')
        return sum(p.suffix.lower() in DATA_SUFFIXES for p in files)
    return int(path.exists())
