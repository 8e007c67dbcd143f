from collections.abc import Sequence
from pathlib import Path

from hirl_mm.datasets.image_folder import load_images


def image_files(places: Sequence[str]) -> list[str]:
    """Return the files of a list of image files and folders of images.

    Args:
        places: Files, which are taken as they are, and folders, whose images
            are listed as a training lists them.

    Raises:
        FileNotFoundError: If there is no such file or folder.
    """
    found = []
    for place in places:
        if Path(place).is_dir():
            found += load_images(place)['images']
        elif Path(place).is_file():
            found.append(place)
        else:
            raise FileNotFoundError(f'there is no image or folder {place}')
    return found
