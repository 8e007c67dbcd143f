import os

from hirl_mm.datasets.list_files import Entry

from .annotations import check_labels
from .coco_annotations import read_coco

NUM_CLASSES = 8142


def inat2018_annotations(
    path: str | os.PathLike, num_classes: int = NUM_CLASSES
) -> list[Entry]:
    """Read the annotations of iNaturalist 2018 from its official JSON file.

    Args:
        path: Path of ``train2018.json`` or ``val2018.json``, which have one
            annotation per image and categories numbered from 0.
        num_classes: Number of categories.

    Returns:
        File name and label of every image, in the order of the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If an image has no label or several, or a class has no
            image.
    """
    content = read_coco(path)
    labels = {a['image_id']: a['category_id'] for a in content['annotations']}
    images = content['images']
    if not len(labels) == len(images) == len(content['annotations']):
        raise ValueError(
            f'{path} has {len(content["annotations"])} annotations of '
            f'{len(labels)} of its {len(images)} images, expected one for '
            'each: use the original train2018.json or val2018.json'
        )
    check_labels(list(labels.values()), num_classes, str(path))
    return [(image['file_name'], labels[image['id']]) for image in images]
