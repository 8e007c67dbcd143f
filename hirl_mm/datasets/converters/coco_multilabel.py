import os
from collections import defaultdict

from .annotations import check_labels
from .coco_annotations import read_coco

NUM_CLASSES = 80


def coco_multilabel(
    path: str | os.PathLike, num_classes: int = NUM_CLASSES
) -> dict:
    """Which classes every image of COCO shows, for ``MultiLabelDataset``.

    A class is present if it has an annotation, of whatever size, crowds
    included. Images without annotations show no class. Labels are the
    places of the categories in the order of their ids.

    Args:
        path: ``instances_train2014.json``, or one like it.
        num_classes: Number of categories.

    Returns:
        ``metainfo`` with the names of the classes and ``data_list``, the
        images in the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file has other categories, or a class no image.
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
