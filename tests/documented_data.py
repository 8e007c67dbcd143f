"""Small data sets in the folders and files that the documentation names."""

import json
import os
from pathlib import Path

import numpy as np
from mmpretrain.datasets.categories import IMAGENET_CATEGORIES
from PIL import Image

VOC_OBJECT = """<object><name>{}</name><difficult>0</difficult><bndbox>
<xmin>11</xmin><ymin>21</ymin><xmax>60</xmax><ymax>70</ymax>
</bndbox></object>"""
VOC_CLASSES = 'dog', 'cat'
SIZE = 96, 80
# Of COCO's labels, drawn by multilabel_subset.py.
PARTS = '', '-1pct', '-10pct'
# Folders of converters whose number of classes no config says.
FEW_CLASSES = 'fashion-mnist', 'cifar-100', 'tiny-imagenet', 'imagenet-100'


def write_all(root: Path) -> None:
    """Write ``data/`` with every data set that a config reads.

    Images are hard links of one picture. ImageNet has no ``meta`` folder but
    for the lists of few labels, which a tool writes.
    """
    data = root / 'data'
    data.mkdir()
    picture = data / 'picture.jpg'
    pixels = np.random.default_rng(0).integers(0, 255, (*SIZE[::-1], 3))
    Image.fromarray(pixels.astype(np.uint8)).save(picture)
    classes = [f'n{i:08}' for i in range(len(IMAGENET_CATEGORIES))]
    for split in 'train', 'val':
        folders(picture, data / 'imagenet' / split, classes)
        folders(picture, data / 'digits' / split, list('0123456789'))
        shapes = [f'shape_{i:02}' for i in range(36)]
        folders(picture, data / 'shapes' / split, shapes)
        for name in FEW_CLASSES:
            folders(picture, data / name / split, list('abcde'))
    for share in '1percent', '10percent':
        for name, of in ('imagenet', classes), ('digits', '0123456789'):
            files = [f'{of_class}/{of_class}.JPEG' for of_class in of]
            for end in '', '-mined':
                listed(data / name / f'meta/{share}{end}.txt', files)
    for name, num in ('places205', 205), ('inat2018', 8142):
        places = name == 'places205'
        folder = data / name / ('images' if places else '')
        link(picture, folder / 'a.jpg')
        for split in 'train', 'val':
            listed(data / name / f'meta/{split}.txt', ['a.jpg'] * num)
    voc(picture, data / 'VOCdevkit', 2007, VOC_CLASSES)
    voc(picture, data / 'VOCdevkit', 2012, VOC_CLASSES)
    voc(picture, data, 'digit_scenes', '37')
    for year in 2014, 2017:
        coco(picture, data / 'coco', f'train{year}', f'val{year}')
    coco(picture, data / 'shape_scenes', 'train', 'val')


def link(picture: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(picture, path)


def folders(picture: Path, root: Path, classes: list[str]) -> None:
    """One image per class, in a folder with the name of the class."""
    for name in classes:
        link(picture, root / name / f'{name}.JPEG')


def listed(path: Path, names: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f'{name} {label}\n' for label, name in enumerate(names)]
    path.write_text(''.join(lines))


def voc(picture: Path, root: Path, year: int | str, classes) -> None:
    """Three images per split with an object of each of two classes."""
    root = root / (year if isinstance(year, str) else f'VOC{year}')
    objects = ''.join(VOC_OBJECT.format(name) for name in classes)
    width, height = SIZE
    splits = dict(trainval='abc', train='abc', val='def', test='def')
    lists = {('aug', 'ghi'), ('trainval-10pct', 'abc')}
    for split, names in splits.items() | lists:
        for folder in 'Main', 'Segmentation':
            path = root / f'ImageSets/{folder}/{split}.txt'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('\n'.join(names))
    (root / 'Annotations').mkdir()
    mask = Image.fromarray(np.full((height, width), 12, np.uint8))
    for name in 'abcdefghi':
        link(picture, root / f'JPEGImages/{name}.jpg')
        (root / f'Annotations/{name}.xml').write_text(
            f'<annotation><size><width>{width}</width><height>{height}'
            f'</height><depth>3</depth></size>{objects}</annotation>'
        )
        for folder in 'SegmentationClass', 'SegmentationClassAug':
            (root / folder).mkdir(exist_ok=True)
            mask.save(root / folder / f'{name}.png')


def coco(picture: Path, root: Path, *splits: str) -> None:
    """Three images with a box and a mask, and lists of labels."""
    width, height = SIZE
    names = [f'{i:012}.jpg' for i in range(3)]
    boxes = dict(
        images=[
            dict(id=i, file_name=name, width=width, height=height)
            for i, name in enumerate(names)
        ],
        annotations=[
            dict(
                id=i + 1,
                image_id=i,
                category_id=1,
                bbox=[10, 20, 50, 50],
                area=2500,
                iscrowd=0,
                segmentation=[[10, 20, 60, 20, 60, 70, 10, 70]],
            )
            for i in range(len(names))
        ],
        categories=[dict(id=1, name='person'), dict(id=2, name='disc')],
    )
    labels = dict(
        metainfo=dict(classes=[str(i) for i in range(80)]),
        data_list=[dict(img_path=name, gt_label=[0, 3]) for name in names],
    )
    for split in splits:
        for name in names:
            link(picture, root / split / name)
        for name, content in (
            (f'instances_{split}', boxes),
            *((f'multilabel_{split}{part}', labels) for part in PARTS),
        ):
            path = root / f'annotations/{name}.json'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
