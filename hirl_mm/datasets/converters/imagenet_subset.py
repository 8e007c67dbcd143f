import os
from collections import Counter
from pathlib import Path

from .annotations import Entry, check_images, check_labels

# SimCLR's lists of 1 % and 10 % of ImageNet.
LIST_SIZES = (12_811, 128_116)


def subset_annotations(
    list_file: str | os.PathLike,
    train: str | os.PathLike,
    num: int | None = None,
) -> list[Entry]:
    """Annotations of the images of a list such as SimCLR's.

    The list has the name of an image per line, as ``n01440764_10183.JPEG``;
    the part before ``_`` is the class, a folder of ``train``. Labels are the
    places of the folders in their order, as MMPreTrain numbers them.

    Args:
        list_file: The list.
        train: Folder of the training images, ``train/CLASS/NAME``.
        num: Number of lines to expect; None for one of SimCLR's lists.

    Returns:
        Path below ``train`` and label of every image, in the order of the
        list.

    Raises:
        FileNotFoundError: If the list, the folder or an image is missing.
        ValueError: If the list has another number of lines, a line twice,
            an image of no class, or a class has no image.
    """
    names = _read_names(Path(list_file))
    _check_number(names, num, list_file)
    classes = _class_folders(Path(train))
    label = {name: i for i, name in enumerate(classes)}
    strange = [n for n in names if n.split('_')[0] not in label]
    if strange:
        raise ValueError(
            f'{list_file}: {len(strange)} of the {len(names)} images belong '
            f'to no folder of {train}, such as {strange[0]!r}. A line must '
            "be a name like 'n01440764_10183.JPEG', and all classes "
            'of the list must be unpacked there'
        )
    entries = []
    for name in names:
        folder = name.split('_')[0]
        entries.append((f'{folder}/{name}', label[folder]))
    labels = [label for _, label in entries]
    check_labels(labels, len(classes), str(list_file), classes)
    check_images(entries, train, str(list_file))
    return entries


def _read_names(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no list {path}: SimCLR's lists of 1 % and 10 % of "
            'ImageNet are 1percent.txt and 10percent.txt of its repository'
        )
    names = path.read_text().split()
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(
            f'{path} names {len(twice)} images more than once, such as '
            f'{twice[0]}: take the original list'
        )
    return names


def _check_number(
    names: list[str], num: int | None, list_file: str | os.PathLike
) -> None:
    expected = LIST_SIZES if num is None else (num,)
    if len(names) not in expected:
        sizes = ' or '.join(f'{size:,}' for size in expected)
        raise ValueError(
            f'{list_file} has {len(names):,} images, expected {sizes}: the '
            'list is cut off or another one. For a list of your own give its '
            'number of images'
        )


def _class_folders(train: Path) -> list[str]:
    if not train.is_dir():
        raise FileNotFoundError(
            f'there is no folder {train}: give the one that holds a folder '
            'of training images per class'
        )
    return sorted(path.name for path in train.iterdir() if path.is_dir())
