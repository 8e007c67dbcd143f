"""Results that the CsMl paper reports in Tables 1 to 5, in percent.

*Seed the Views: Hierarchical Semantic Alignment for Contrastive
Representation Learning*, https://arxiv.org/abs/2012.02733, with ResNet-50 on
ImageNet. Figures of other methods are as the paper cites them. The paper does
not say which pre-training Tables 3 to 5 are of: they count for its final one,
of 800 epochs with small crops, which Table 2 names.
"""

from .table import Key, Meaning, PaperTable, read_rows

LINEAR = 'linear-steplr', 'top-1'
FINAL = 'csml-mcrop-800e'
_NEIGHBOURS = tuple(('kNN', f'k={k}') for k in (20, 200))
_SIZES = '', '50', '75', ' small', ' medium', ' large'
_COCO = tuple(
    ('coco-fpn-1x', f'{kind} AP{size}')
    for kind in ('box', 'mask')
    for size in _SIZES
)
_VOC = tuple(('voc0712-detection', figure) for figure in ('AP50', 'AP75'))
# Recipe by row of Table 1.
_PRE_TRAININGS = {
    'MoCo v2': 'mocov2-800e',
    'BYOL': 'byol-1000e',
    'CsMl, 200 epochs': 'csml-200e',
    'CsMl, 800 epochs': 'csml-800e',
    'CsMl, 200 epochs, multi-crop': 'csml-mcrop-200e',
    'CsMl, 800 epochs, multi-crop': FINAL,
}


def _linear(row: str, column: int) -> tuple[Key, str]:
    return LINEAR, _PRE_TRAININGS.get(row, '')


def _of_the_final(keys: tuple[Key, ...], name: str = 'CsMl') -> Meaning:
    """Cells of one row, of the final pre-training."""

    def of_cell(row: str, column: int) -> tuple[Key, str]:
        return keys[column], FINAL if row == name else ''

    return of_cell


def _few_labels(row: str, column: int) -> tuple[Key, str]:
    mined = row.endswith('data mining')
    kind = 'mined' if mined else '60e'
    percent, figure = (1, 10)[column // 2], ('top-1', 'top-5')[column % 2]
    key = f'semisup-{kind}-{percent}pct', figure
    return key, FINAL if row.startswith('CsMl') else ''


TABLES = {
    '1': PaperTable(
        'CsMl, Table 1',
        'linear classifiers, top-1',
        ('method', 'top-1'),
        read_rows(
            """
            BigBiGAN: 56.6
            Local aggregation: 58.8
            SeLa: 61.5
            PIRL: 63.6
            CPCv2: 63.8
            PCL: 65.9
            SimCLRv2: 71.7
            MoCo v2: 71.1
            BYOL: 74.3
            SwAV: 75.3
            CsMl, 200 epochs: 71.6
            CsMl, 800 epochs: 74.4
            CsMl, 200 epochs, multi-crop: 74.6
            CsMl, 800 epochs, multi-crop: 76.6
            """,
            _linear,
        ),
    ),
    '2': PaperTable(
        'CsMl, Table 2',
        'kNN, top-1',
        ('method', '20 neighbours', '200 neighbours'),
        read_rows(
            """
            Supervised: 75.0 73.2
            NPID: - 46.5
            LA: - 49.4
            PCL: 54.5 -
            MoCo v2: 62.0 59.0
            SwAV: 65.7 62.7
            CsMl: 72.4 70.7
            """,
            _of_the_final(_NEIGHBOURS),
        ),
    ),
    '3': PaperTable(
        'CsMl, Table 3',
        'fine-tuning with the labels of 1 % and 10 % of ImageNet',
        ('method', '1 % top-1', '1 % top-5', '10 % top-1', '10 % top-5'),
        read_rows(
            """
            Supervised: 25.4 48.4 56.4 80.4
            UDA: - - 68.8 88.5
            FixMatch: - - 71.5 89.1
            PIRL: 30.7 57.2 60.4 83.8
            PCL: - 75.6 - 86.2
            SimCLR: 48.3 75.5 65.6 87.8
            MoCo v2: 52.4 78.4 65.3 86.6
            SwAV: 53.9 78.5 70.2 89.9
            SimCLRv2: 57.9 82.5 68.4 89.2
            CsMl: 62.2 83.0 72.9 90.7
            CsMl + data mining: 66.7 87.7 75.1 92.1
            """,
            _few_labels,
        ),
        note='Data mining: mean of five runs.',
    ),
    '4': PaperTable(
        'CsMl, Table 4',
        'Mask R-CNN R50-FPN on COCO, 1x, mean of five runs',
        ('method', *(figure for _, figure in _COCO)),
        read_rows(
            """
            Supervised: 38.9 59.6 42.0 23.0 42.9 49.9 35.4 56.5 38.1 17.5 38.2 51.3
            MoCo v2: 39.2 59.9 42.7 23.8 42.7 50.0 35.7 56.8 38.1 17.8 38.1 50.5
            BYOL: 39.9 60.2 43.2 23.3 43.2 52.8 - - - - - -
            DenseCL: 40.3 59.9 44.3 - - - 36.4 57.0 39.2 - - -
            CsMl without multi-level: 39.5 60.1 43.1 24.1 42.8 50.9 35.9 56.9 38.6 18.3 38.1 51.4
            CsMl: 40.3 61.1 43.8 25.0 43.6 50.8 36.6 58.1 39.1 18.8 39.0 51.2
            """,  # noqa: E501
            _of_the_final(_COCO),
        ),
    ),
    '5': PaperTable(
        'CsMl, Table 5',
        'Faster R-CNN R50-C4 on VOC, 24k iterations, mean of five runs',
        ('method', 'AP50', 'AP75'),
        read_rows(
            """
            Supervised: 81.4 58.8
            MoCo v2: 82.5 64.0
            CsMl: 82.7 64.1
            """,
            _of_the_final(_VOC),
        ),
    ),
}
