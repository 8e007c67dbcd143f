"""Conversion of public data sets' files to lists of images and labels."""

from .annotations import read_annotations, write_annotations
from .class_draw import draw_images
from .coco_annotations import read_coco
from .coco_multilabel import coco_multilabel
from .imagenet_subset import subset_annotations
from .inat2018 import inat2018_annotations

__all__ = [
    'coco_multilabel',
    'draw_images',
    'inat2018_annotations',
    'read_annotations',
    'read_coco',
    'subset_annotations',
    'write_annotations',
]
