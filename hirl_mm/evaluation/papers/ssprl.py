"""Results that SS-PRL reports in the tables of its supplement, in percent.

*Self-Supervised Pyramid Representation Learning for Multi-Label Visual
Analysis and Beyond*, WACV 2023, with ResNet-50. All methods are pre-trained
on COCO's train2014 for 200 epochs, those of the last column of Table S-B on
ImageNet for 100 epochs. This project has no such recipes of the other
methods. Tables of the main paper are not here.
"""

from .table import Key, PaperTable, read_rows

SEGMENTATION = 'voc12-segmentation', 'mIoU'
ASYMMETRIC = 'coco14-asymmetric', 'mAP'
LINEAR = 'voc07-linear', 'mAP'
_OURS = 'SS-PRL'
_ON_COCO = 'ssprl-200e-coco14'
_ON_IMAGENET = 'ssprl-100e'
_TWO_SCALES = 'ssprl-scales2-{}-200e-coco14'
_ONE_SCALE = 'ssprl-scales1-200e-coco14'
# Recipe by row of Table S-C; the first one has scale 0 alone.
_PROTOTYPES = {
    'Baseline': _ONE_SCALE,
    'Shared across all scales': _TWO_SCALES.format('shared'),
    'Learned & correlated across scales': _TWO_SCALES.format('k300-300'),
}


def _on_voc(row: str, column: int) -> tuple[Key, str]:
    return SEGMENTATION, _ON_COCO if row == _OURS else ''


def _asymmetric(row: str, column: int) -> tuple[Key, str]:
    recipe = (_ON_COCO, _ON_IMAGENET)[column]
    return ASYMMETRIC, recipe if row == _OURS else ''


def _of_prototypes(row: str, column: int) -> tuple[Key, str]:
    return LINEAR, _PROTOTYPES[row]


def _of_numbers(row: str, column: int) -> tuple[Key, str]:
    if row == '300, 0':
        return LINEAR, _ONE_SCALE
    return LINEAR, _TWO_SCALES.format(f'k{row.replace(", ", "-")}')


TABLES = {
    'S-A': PaperTable(
        'SS-PRL, Table S-A',
        'FCN on VOC 2012, 20k iterations, pre-trained on COCO, mIoU',
        ('method', 'mIoU'),
        read_rows(
            """
            Random: 40.7
            MoCo v2: 57.3
            SwAV: 56.1
            BYOL: 54.1
            DenseCL: 63.2
            DetCo: 47.6
            MaskCo: 59.8
            InsLoc: 56.1
            SS-PRL: 62.6
            """,
            _on_voc,
        ),
    ),
    'S-B': PaperTable(
        'SS-PRL, Table S-B',
        'fine-tuning on COCO with the asymmetric loss for 40 epochs, mAP',
        ('method', 'pre-trained on COCO', 'pre-trained on ImageNet'),
        read_rows(
            """
            Random: 50.0 50.0
            MoCo v2: 63.8 71.1
            SwAV: 68.3 73.2
            BYOL: 62.7 68.6
            DenseCL: 68.7 72.7
            DetCo: 64.7 71.0
            MaskCo: 65.8 70.8
            InsLoc: 62.9 71.8
            SS-PRL: 69.3 73.8
            """,
            _asymmetric,
        ),
    ),
    'S-C': PaperTable(
        'SS-PRL, Table S-C',
        'prototypes of two scales, pre-trained on COCO; linear multi-label '
        'classifiers on VOC07, mAP',
        ('prototypes', 'mAP'),
        read_rows(
            """
            Baseline: 79.2
            Shared across all scales: 77.8
            Learned & correlated across scales: 79.9
            """,
            _of_prototypes,
        ),
        note='The baseline has the whole images alone (scale 0).',
    ),
    'S-D': PaperTable(
        'SS-PRL, Table S-D',
        'numbers of prototypes of two scales, pre-trained on COCO; linear '
        'multi-label classifiers on VOC07, mAP',
        ('prototypes of scales 0 and 1', 'mAP'),
        read_rows(
            """
            3000, 1500: 77.6
            300, 1500: 79.6
            300, 300: 79.9
            300, 150: 79.9
            300, 0: 79.2
            """,
            _of_numbers,
        ),
    ),
}
