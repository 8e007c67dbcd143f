"""What a user gave as the images: a folder, shards or a list."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from hirl_mm.datasets.compact_images import image_labels, image_paths
from hirl_mm.datasets.image_files import LISTED, UNLISTED
from hirl_mm.datasets.list_files import read_lines
from hirl_mm.datasets.listing.found_images import find_images
from hirl_mm.datasets.shards.locations import has_shards, scan_of
from hirl_mm.registry import DATASETS

# Fewer images per class than this say nothing about features.
_MIN_PER_CLASS = 4
_CONFIG = ('.py', '.json', '.yaml', '.yml')
_TAR = ('.tar', '.tar.gz', '.tgz', '.zip')


@dataclass(frozen=True)
class ImageSource:
    """The images of a training, in the order in which it numbers them.

    Args:
        kind: What they are, for people: ``'folder'``, ``'class folders'``,
            ``'list'`` or ``'shards'``.
        config: Arguments of the data set that reads them, without a pipeline.
        paths: Paths of the N images.
        labels: Label of every image; empty without labels.
        class_names: Names of the classes; empty without labels.
        note: Why there are no labels, if one could expect some.
    """

    kind: str
    config: dict
    paths: Sequence[str] = field(repr=False)
    labels: Sequence[int] = ()
    class_names: Sequence[str] = ()
    note: str = ''


def image_source(path: str | os.PathLike, labels: bool = True) -> ImageSource:
    """Find the images of a folder, of shards or of a list.

    The subfolders are classes if all images are in two or more of them, and
    they have four images or more on average. A list has an image per line,
    relative to its folder, with or without a label behind it.

    Args:
        path: Folder of images, at any depth; folder of shards; or list.
        labels: Whether to use labels, which only measure a training.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If it holds no images.
        OSError: If a folder cannot be listed.
    """
    path = os.path.abspath(os.path.expanduser(path))
    if not os.path.exists(path):
        raise FileNotFoundError(
            f'there is no folder or list {path!r}: give a folder of images, '
            'a folder of shards, or a text file with one image per line'
        )
    if os.path.isdir(path):
        kind, config, note = _folder(path, labels)
    else:
        kind, config, note = _list(path, labels)
    dataset = DATASETS.build(config)
    # Such a data set has a table of its images.
    paths = cast(list[str], image_paths(dataset))
    if not config['with_label']:
        return ImageSource(kind, config, paths, note=note)
    names = dataset.metainfo.get('classes') or ()
    numbers = cast(list[int], image_labels(dataset))
    return ImageSource(kind, config, paths, numbers, tuple(names), note)


def _folder(path: str, labels: bool) -> tuple[str, dict, str]:
    scan = scan_of(path)
    kind = 'shards' if has_shards(path) else 'folder'
    extensions = LISTED + UNLISTED
    found = find_images(scan, extensions, True)
    num = len(find_images(scan, extensions, False).paths)
    if not num:
        raise ValueError(_no_images(path, list(scan.files())))
    used = {os.path.splitext(name)[1].lower() for name in scan.files()}
    more = tuple(suffix for suffix in UNLISTED if suffix in used)
    config = dict(
        type='hirl_mm.FolderImages', data_root=path, with_label=False
    )
    if more:
        config['extensions'] = LISTED + more
    beside, classes = num - len(found.paths), len(found.sizes)
    note = ''
    if not labels:
        note = 'labels are not used, as you asked'
    elif beside and classes > 1:
        note = f'{beside} images are in no subfolder, so these are no classes'
    elif classes > 1 and num < _MIN_PER_CLASS * classes:
        note = (
            f'{classes} subfolders for {num} images are taken for no classes'
        )
    elif classes > 1:
        config['with_label'] = True
        kind = f'{kind} with classes' if kind == 'shards' else 'class folders'
    return kind, config, note


def _list(path: str, labels: bool) -> tuple[str, dict, str]:
    if path.lower().endswith(_CONFIG):
        raise ValueError(
            f'{path!r} is a config, not a folder or list of images: '
            'tools/train.py trains with a config'
        )
    try:
        lines = [line for _, line in read_lines(path)]
    except UnicodeDecodeError:
        raise ValueError(
            f'{path!r} is neither a folder nor a list of images: a list is a '
            'text file with one image per line'
        ) from None
    if not lines:
        raise ValueError(f'the list {path!r} has no images: it is empty')
    # Of a list alone, absolute paths name their own places.
    whole = all(map(os.path.isabs, lines))
    # ``data_root`` joins what is relative, ``data_prefix`` the images.
    config = dict(
        type='hirl_mm.FolderImages',
        ann_file=path,
        data_prefix='/' if whole else str(Path(path).parent),
        extensions=LISTED + UNLISTED,
        with_label=False,
    )
    labelled = all(_has_label(line) for line in lines)
    if labelled and labels:
        config['with_label'] = True
    note = 'labels are not used, as you asked' if not labels else ''
    return 'list', config, note


def _has_label(line: str) -> bool:
    path, *label = line.rsplit(maxsplit=1)
    return bool(label) and label[0].isdecimal()


def _no_images(path: str, files: list[str]) -> str:
    text = f'found no images in {path!r}'
    tars = [name for name in files if name.lower().endswith(_TAR)]
    if tars:
        return (
            f'{text}, but {len(tars)} archives: unpack them, and to train on '
            'tar files convert the folder of images with '
            'tools/dataset_converters/shards.py'
        )
    if files:
        return (
            f'{text}, but {len(files)} other files; images end in '
            f'{", ".join(sorted(LISTED + UNLISTED))}'
        )
    return f'{text}: it is empty, or has hidden files and folders only'
