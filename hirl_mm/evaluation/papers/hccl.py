"""Results that the HCCL paper reports in Tables 1 to 4 and 8, in percent.

*Hierarchical Cross Contrastive Learning of Visual Representations*, anonymous
authors, with ResNet-50 on ImageNet. Figures of other methods are as the paper
cites them: those of SimSiam, BYOL, SimCLR, MoCo v2 and SwAV in Table 1 were
measured by SimSiam's authors.
"""

from .table import Key, Meaning, PaperTable, read_rows

LINEAR = 'linear-90e', 'top-1'
_FEW_LABELS = tuple(
    (f'semisup-coslr-{percent}pct', figure)
    for figure in ('top-1', 'top-5')
    for percent in (1, 10)
)
_OTHER_DATA = (
    ('inat2018-linear', 'top-1'),
    ('places205-linear', 'top-1'),
    ('linear SVM', 'mAP, interpolated'),
)
_DETECTION = tuple(
    (protocol, f'{kind}{precision}')
    for protocol, kind in (
        ('voc0712-detection-lr0.1', ''),
        ('coco-c4-1x', 'box '),
        ('coco-c4-1x', 'mask '),
    )
    for precision in ('AP50', 'AP75', 'AP')
)
_EPOCHS = 100, 200, 300, 400, 800
_MOMENTUM_EPOCHS = 100, 200, 400, 800
# Rows whose method this project trains with the paper's recipe.
_METHODS = {
    'BYOL': 'byol',
    'SimSiam': 'simsiam',
    'HCCL': 'hccl',
    'HCCL + momentum encoder': 'hccl-momentum',
}


def _after(epochs: tuple[int, ...]) -> Meaning:
    """Cells of linear classifiers after pre-trainings of several lengths."""

    def of_cell(row: str, column: int) -> tuple[Key, str]:
        method = _METHODS.get(row)
        return LINEAR, f'{method}-{epochs[column]}e' if method else ''

    return of_cell


def _of_the_longest(keys: tuple[Key, ...]) -> Meaning:
    """Cells of HCCL after 800 epochs.

    The paper does not say which pre-training it transfers; this is taken to
    be the one of its best result.
    """

    def of_cell(row: str, column: int) -> tuple[Key, str]:
        return keys[column], 'hccl-800e' if row == 'HCCL' else ''

    return of_cell


TABLES = {
    1: PaperTable(
        'HCCL, Table 1',
        'linear classifiers, top-1 after pre-trainings of 100 to 800 epochs',
        ('method', *map(str, _EPOCHS)),
        read_rows(
            """
            SimCLR: 66.5 68.3 - 69.8 70.4
            SwAV, two views: 66.5 69.1 - 70.7 71.8
            Barlow Twins: - - 71.4 - 73.2
            MoCo v2: 67.4 69.9 - 71.0 72.2
            BYOL: 66.5 70.6 72.5 73.2 74.3
            DINO, ViT-S: 67.8 - 72.5 - -
            SimSiam: 68.1 70.0 - 70.8 71.3
            HCCL: 69.5 71.4 - 72.4 73.5
            """,
            _after(_EPOCHS),
        ),
    ),
    2: PaperTable(
        'HCCL, Table 2',
        'fine-tuning with the labels of 1 % and 10 % of ImageNet',
        ('method', 'top-1 1 %', 'top-1 10 %', 'top-5 1 %', 'top-5 10 %'),
        read_rows(
            """
            Supervised: 25.4 56.4 48.4 80.4
            PIRL: - - 57.2 83.8
            SimCLR: 48.3 65.6 75.5 87.8
            BYOL: 53.2 68.8 78.4 89.0
            SwAV: 53.9 70.2 78.5 89.9
            Barlow Twins: 55.0 69.7 79.2 89.3
            HCCL: 56.4 71.3 80.1 90.4
            """,
            _of_the_longest(_FEW_LABELS),
        ),
    ),
    3: PaperTable(
        'HCCL, Table 3',
        'linear classifiers on other data sets',
        ('method', 'iNat18 top-1', 'Places205 top-1', 'VOC07 mAP'),
        read_rows(
            """
            Supervised: 46.7 53.2 87.5
            PIRL: 29.7 51.0 78.8
            SimCLR: 37.2 52.5 85.5
            MoCo v2: 38.6 51.8 86.4
            SwAV: 39.5 52.8 86.4
            BYOL: 47.6 54.0 86.6
            Barlow Twins: 46.5 54.1 86.2
            HCCL: 47.2 54.5 86.6
            """,
            _of_the_longest(_OTHER_DATA),
        ),
    ),
    4: PaperTable(
        'HCCL, Table 4',
        'detection and segmentation with a C4 backbone, mean of five runs',
        (
            'method',
            *(f'VOC {figure}' for _, figure in _DETECTION[:3]),
            *(f'COCO {figure}' for _, figure in _DETECTION[3:]),
        ),
        read_rows(
            """
            Random: 59.0 31.6 32.8 50.9 35.3 32.8 47.9 32.0 29.9
            Supervised: 81.3 58.8 53.5 58.2 41.2 38.2 54.7 35.2 33.3
            SimCLR: 81.8 61.4 55.5 57.7 40.9 37.9 54.6 35.3 33.3
            MoCo v2: 82.3 63.3 57.0 58.8 42.5 39.2 55.5 36.6 34.3
            BYOL: 81.4 61.1 55.3 57.8 40.9 37.9 54.3 35.0 33.2
            SwAV: 81.5 61.4 55.4 57.6 40.3 37.6 54.2 35.1 33.1
            SimSiam: 82.4 63.7 57.0 59.3 42.1 39.2 56.0 36.7 34.4
            Barlow Twins: 82.6 63.4 56.8 59.0 42.5 39.2 56.0 36.5 34.3
            HCCL: 82.6 64.3 57.2 60.1 42.3 39.5 56.5 36.7 34.6
            """,
            _of_the_longest(_DETECTION),
        ),
    ),
    8: PaperTable(
        'HCCL, Table 8',
        'linear classifiers, top-1 with a momentum encoder',
        ('method', *map(str, _MOMENTUM_EPOCHS)),
        read_rows(
            """
            BYOL: 66.5 70.6 73.2 74.3
            HCCL + momentum encoder: 70.9 72.8 74.2 74.9
            """,
            _after(_MOMENTUM_EPOCHS),
        ),
    ),
}
