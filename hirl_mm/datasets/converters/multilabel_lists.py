"""Files that list images with several labels each, COCO's or VOC's."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from hirl_mm.datasets.list_files import check_inside
from hirl_mm.files import read_utf8

Labels = frozenset[int] | frozenset[str]


def read_multilabel(path: str | os.PathLike, root: str = '') -> list[Labels]:
    """Return the classes of every image in a list of images.

    Args:
        path: Path of a ``.json`` file of ``MultiLabelDataset``, such as
            ``tools/dataset_converters/coco_multilabel.py`` writes; or of a
            list ``ImageSets/Main/NAME.txt`` of VOC with a line per image,
            whose annotations are in the folder ``Annotations`` beside
            ``ImageSets``.
        root: Folder of the images of a ``.json`` file, out of which no path
            may lead; empty if there is none.

    Returns:
        Numbers (JSON) or names (VOC) of the classes of every image. Objects
        that VOC marks as difficult do not count.

    Raises:
        FileNotFoundError: If the list or an annotation is missing.
        ValueError: If the file has another format, lists no images, or a
            path in it leads out of the folder.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'there is no list of images {path}: '
            'tools/dataset_converters/coco_multilabel.py writes a .json file '
            'of all images of COCO, and VOC has lists such as '
            'ImageSets/Main/trainval.txt; multilabel_subset.py writes a share '
            'of such a list'
        )
    if path.suffix == '.json':
        entries = _content(path)[1]
        labels = [_labels_of(entry, path) for entry in entries]
        for i, entry in enumerate(entries):
            image = str(entry.get('img_path', ''))
            check_inside(image, root, f'{path}, data_list[{i}]')
    else:
        folder = path.resolve().parents[2] / 'Annotations'
        labels = [_objects(folder / f'{n}.xml') for n in _names(path)]
    if not labels:
        raise ValueError(f'{path} lists no images')
    return labels


def part_of_list(path: str | os.PathLike, indices: Sequence[int]) -> str:
    """Return the text of a list with some of the images of another one.

    Args:
        path: Path of a list that :func:`read_multilabel` reads.
        indices: Indices of the images to keep, in the order of the result.
    """
    path = Path(path)
    if path.suffix == '.json':
        content, entries = _content(path)
        return json.dumps(
            content | dict(data_list=[entries[i] for i in indices])
        )
    names = _names(path)
    return ''.join(f'{names[i]}\n' for i in indices)


def _content(path: Path) -> tuple[dict, list[dict]]:
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f'{path} is not a JSON file: {error}') from error
    found = content if isinstance(content, dict) else {}
    if 'metainfo' not in found or not isinstance(found.get('data_list'), list):
        raise ValueError(
            f'{path} has no metainfo and data_list of images: it must be a '
            "file of MultiLabelDataset. COCO's instances_*.json become one by "
            'tools/dataset_converters/coco_multilabel.py'
        )
    return found, found['data_list']


def _labels_of(entry: object, path: Path) -> Labels:
    label = entry.get('gt_label') if isinstance(entry, dict) else None
    if not isinstance(label, list):
        raise ValueError(
            f'{path} has the entry {json.dumps(entry)[:80]}: an image needs '
            'a list gt_label of its classes, which may be empty, such as '
            '"gt_label": [0, 3]'
        )
    return frozenset(label)


def _names(path: Path) -> list[str]:
    lines = read_utf8(path).splitlines()
    names = [line.strip() for line in lines if line.strip()]
    wrong = [n for n in names if len(n.split()) > 1 or '/' in n]
    if wrong:
        raise ValueError(
            f'{path} has the line {wrong[0]!r}: expected the name of one '
            'image per line. Lists of single classes, such as '
            'car_trainval.txt, are not wanted: give trainval.txt'
        )
    return names


def _objects(path: Path) -> Labels:
    if not path.is_file():
        raise FileNotFoundError(
            f'there is no annotation {path}: the list must be in the folder '
            'ImageSets/Main of VOC, with the folder Annotations beside '
            'ImageSets'
        )
    return frozenset(
        item.findtext('name', '')
        for item in ElementTree.parse(path).getroot().findall('object')
        if not int(item.findtext('difficult', '0'))
    )
