"""Check lists of images before a data set reads them."""

import os
from collections.abc import Callable, Mapping

from mmengine.config import Config

from hirl_mm.datasets.converters.multilabel_lists import read_multilabel
from hirl_mm.datasets.image_files import LISTED
from hirl_mm.datasets.list_files import (
    read_entries,
    read_paths,
    without_label,
)
from hirl_mm.files import read_utf8
from hirl_mm.registry import type_name

# Data sets of MMPreTrain that read lists as CustomDataset does.
_TYPES = 'CustomDataset', 'ImageNet', 'ImageNet21k'
_MULTI_LABEL = 'MultiLabelDataset'
_MARK = '\ufeff'


def folder_of(dataset: Mapping) -> str:
    """Return the folder of the images of a data set, empty if unknown.

    Args:
        dataset: Config of a data set.
    """
    prefix = dataset.get('data_prefix') or ''
    if isinstance(prefix, Mapping):
        prefix = next(iter(prefix.values()), '')
    return os.path.join(dataset.get('data_root') or '', prefix)


def check_lists(part: object) -> None:
    """Check every list of images and of class names that a config names.

    MMPreTrain's own errors about a blank line, a tab or a missing label do
    not name the file, and a blank line is a class name for it. Files of
    several labels per image are checked, too.

    Args:
        part: A config, or any part of it, such as that of a data set.

    Raises:
        FileNotFoundError: If there is no file of several labels per image.
        ValueError: If a list has a line that the data set cannot read, or
            with a path that leads out of the folder of the images; the error
            names file and line. If a file of several labels per image has
            another format.
    """
    if isinstance(part, Config):
        part = dict(part.items())
    if isinstance(part, Mapping):
        if type_name(part.get('type')) in _TYPES:
            _check(part)
        elif type_name(part.get('type')) == _MULTI_LABEL:
            _check_multi_label(part)
        part = part.values()
    elif not isinstance(part, (list, tuple)):
        return
    for value in part:
        check_lists(value)


def _check(cfg: Mapping) -> None:
    classes = cfg.get('classes')
    if isinstance(classes, str) and os.path.isfile(classes):
        _check_lines(classes, _blank)
    if not cfg.get('ann_file'):
        return
    path = _path(cfg)
    if os.path.isfile(path):
        extensions = tuple(cfg.get('extensions', LISTED))
        fault = _labelled if cfg.get('with_label', True) else _unlabelled
        _check_lines(path, lambda line: fault(line, extensions))
        if fault is _labelled:
            read_entries(path, folder_of(cfg))
        else:
            read_paths(path, extensions, folder_of(cfg))


def _check_multi_label(cfg: Mapping) -> None:
    if cfg.get('ann_file', '').endswith('.json'):
        path = _path(cfg)
        if '://' not in path:
            read_multilabel(path, folder_of(cfg))


def _path(cfg: Mapping) -> str:
    """Path of the annotations, as MMEngine finds it."""
    path = os.path.join(cfg.get('data_root') or '', cfg['ann_file'])
    return os.path.expanduser(path)


def _check_lines(
    path: str | os.PathLike, fault: Callable[[str], str | None]
) -> None:
    """Raise ValueError if a line of a file has a fault."""
    text = read_utf8(path, 'utf-8')
    for number, line in enumerate(text.removesuffix('\n').split('\n'), 1):
        found = _blank(line) or fault(line)
        if found:
            raise ValueError(
                f'{path}, line {number} {found}. mmpretrain.CustomDataset '
                'cannot read this: correct the line, or use the type '
                'hirl_mm.FolderImages, which takes the same arguments and '
                'reads blank lines, tabs and labels that are not needed'
            )


def _blank(line: str) -> str | None:
    return None if line.strip() else 'is blank'


def _labelled(line: str, _extensions: tuple[str, ...]) -> str | None:
    if line.startswith(_MARK):
        return 'begins with a byte order mark'
    path, _, label = line.strip().rpartition(' ')
    if path == path.rstrip() != '' and label.lstrip('-').isdecimal():
        return None
    return f'is not a path and a label with one space between: {line!r}'


def _unlabelled(line: str, extensions: tuple[str, ...]) -> str | None:
    path = without_label(line.strip().removeprefix(_MARK), extensions)
    return None if path == line else f'is not a path alone: {line!r}'
