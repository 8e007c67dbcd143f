import os
from collections.abc import Callable, Sequence
from pathlib import Path

HIERARCHY_FILE = 'hierarchy.json'


def hierarchy_beside(images: Sequence[str] | Callable) -> Path:
    """Find the class hierarchy that was written beside images.

    Args:
        images: Paths of the images, such as ``data/train/cat/1.png``; or a
            function that returns images, which are no files then.

    Returns:
        ``hierarchy.json`` in the folder that holds all images or in the one
        above, as the converters of this project write it.

    Raises:
        FileNotFoundError: If neither folder has one, or there is no folder.
    """
    how = 'name the class hierarchy with --hierarchy'
    if callable(images):
        raise FileNotFoundError(
            f'the images are no files that a {HIERARCHY_FILE} could lie '
            f'beside: {how}'
        )
    folder = Path(os.path.commonpath([*map(os.path.dirname, images)]))
    for place in folder, folder.parent:
        if (file := place / HIERARCHY_FILE).is_file():
            return file
    raise FileNotFoundError(
        f'there is no {HIERARCHY_FILE} in {folder} or in the folder above it: '
        f'{how}'
    )
