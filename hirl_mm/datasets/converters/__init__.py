"""Conversion of public data sets' files to lists of images and labels."""

from .annotations import read_annotations, write_annotations
from .class_draw import draw_images
from .coco_annotations import read_coco
from .coco_multilabel import coco_multilabel
from .imagenet_subset import subset_annotations
from .inat2018 import inat2018_annotations
from .label_draw import draw_labelled
from .multilabel_lists import part_of_list, read_multilabel

__all__ = [
    'coco_multilabel',
    'draw_images',
    'draw_labelled',
    'inat2018_annotations',
    'part_of_list',
    'read_annotations',
    'read_coco',
    'read_multilabel',
    'subset_annotations',
    'write_annotations',
]
