import os
from collections import defaultdict

from .annotations import check_labels
from .coco_annotations import read_coco

NUM_CLASSES = 80


def coco_multilabel(
    path: str | os.PathLike, num_classes: int = NUM_CLASSES
) -> dict:
    """Convert COCO's instances to image labels for ``MultiLabelDataset``.

    An image has a class if it has an annotation of this class, of any size
    and including crowds. Images without annotations have no class. Labels
    are the indices of the categories, sorted by id.

    Args:
        path: Path of ``instances_train2014.json`` or a file like it.
        num_classes: Expected number of categories.

    Returns:
        ``metainfo`` with the names of the classes, and ``data_list`` with the
        images in the order of the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file has another number of categories, or a class
            has no image.
    """
    content = read_coco(path)
    categories = sorted(content['categories'], key=lambda c: c['id'])
    names = [category['name'] for category in categories]
    if len(names) != num_classes:
        raise ValueError(
            f'{path} has {len(names)} categories, expected {num_classes}: '
            'give an instances_*.json of COCO'
        )
    label = {category['id']: i for i, category in enumerate(categories)}
    shown = defaultdict(set)
    for annotation in content['annotations']:
        shown[annotation['image_id']].add(label[annotation['category_id']])
    present = [k for labels in shown.values() for k in labels]
    check_labels(present, num_classes, str(path), names)
    return dict(
        metainfo=dict(classes=names),
        data_list=[
            dict(
                img_path=image['file_name'],
                gt_label=sorted(shown[image['id']]),
            )
            for image in content['images']
        ],
    )
