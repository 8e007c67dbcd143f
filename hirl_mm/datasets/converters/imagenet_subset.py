import os
from collections import Counter
from pathlib import Path

from hirl_mm.datasets.image_files import folders_in
from hirl_mm.datasets.list_files import Entry
from hirl_mm.files import read_utf8

from .annotations import check_images, check_labels

# Numbers of images in SimCLR's lists of 1 % and 10 % of ImageNet.
LIST_SIZES = (12_811, 128_116)


def subset_annotations(
    list_file: str | os.PathLike,
    train: str | os.PathLike,
    num: int | None = None,
) -> list[Entry]:
    """Return annotations of the images in a list such as SimCLR's.

    Every line of the list is the name of an image, such as
    ``n01440764_10183.JPEG``; the part before ``_`` is its class, a folder of
    ``train``. Labels are the indices of the sorted folders, as in MMPreTrain,
    but hidden folders do not count.

    Args:
        list_file: Path of the list.
        train: Folder of the training images, ``train/CLASS/NAME``.
        num: Expected number of lines; None expects that of a SimCLR list.

    Returns:
        Path relative to ``train`` and label of every image, in the order of
        the list.

    Raises:
        FileNotFoundError: If the list, the folder or an image is missing.
        ValueError: If the number of lines differs from the expected one, an
            image is listed twice or has no class folder, or a class has no
            image.
    """
    names = _read_names(Path(list_file))
    _check_number(names, num, list_file)
    classes = _class_folders(Path(train))
    label = {name: i for i, name in enumerate(classes)}
    unknown = [n for n in names if n.split('_')[0] not in label or '/' in n]
    if unknown:
        raise ValueError(
            f'{list_file}: {len(unknown)} of the {len(names)} images belong '
            f'to no folder of {train}, such as {unknown[0]!r}. Every line '
            "must be a name like 'n01440764_10183.JPEG', and the folder must "
            'have all classes of the list'
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
    names = read_utf8(path).split()
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(
            f'{path} names {len(twice)} images more than once, such as '
            f'{twice[0]}: use the original list'
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
            'list is incomplete or a different one. For your own list, give '
            'its number of images (--num)'
        )


def _class_folders(train: Path) -> list[str]:
    if not train.is_dir():
        raise FileNotFoundError(
            f'there is no folder {train}: give the folder of the training '
            'images, which has a subfolder per class'
        )
    return folders_in(train)
