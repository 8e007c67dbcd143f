"""Results that the CsMl paper reports in Tables 6, 7 and A.1 to A.3.

All but the last column of Table 7 are top-1 of a linear classifier on
ImageNet, in percent; all pre-trainings take 200 epochs where nothing else is
said (section 4.4). Table 4.5 collects what the text reports.
"""

from .csml import LINEAR
from .table import Key, Meaning, PaperTable, read_rows

_STAGES = (
    *(('linear-steplr-stage2', 'top-1'), ('linear-steplr-stage3', 'top-1')),
    *(LINEAR, ('semisup-60e-1pct', 'top-1')),
)
_WHOLE = 'csml-200e'
_PAIR = 'csml-nomix-200e'
_MODULES = {
    'MoCo v2': 'mocov2-200e',
    'q_a + q_p': _PAIR,
    'q_a + q_p + mixed': _WHOLE,
    'q_a + q_p + mixed + multi-crop': 'csml-mcrop-200e',
}
# 71.1 is MoCo v2 after 800 epochs (section 4.5).
_LEVELS = {
    'MoCo v2': 'mocov2-800e',
    'stage 4': 'csml-stage4-200e',
    'stages 3 and 4': 'csml-stage3-200e',
    'stages 2, 3 and 4': _WHOLE,
}
_BYOL = {
    'BYOL, 300 epochs': 'byol-300e',
    'BYOL, 1000 epochs': 'byol-1000e',
    'CsMl, 300 epochs': 'csml-byol-300e',
}
_POSITIVES = {
    'q_a + q_p': _PAIR,
    'q_a + q_p1 + q_p2': 'csml-2positives-200e',
    'q_a + q_p + mixed': _WHOLE,
}
_MIXES = {
    'MoCo v2': 'mocov2-200e',
    'q_a + q_p': _PAIR,
    'q_a + q_p + MixUp': 'csml-mixup-200e',
    'q_a + q_p + CutMix': _WHOLE,
}
_TEXT = {
    'q_a + q_p, 100 epochs': 'csml-nomix-100e',
    'q_a + q_p, 200 epochs': _PAIR,
    **{f'MoCo v2, {n} epochs': f'mocov2-{n}e' for n in (200, 400, 800, 1600)},
    'MoCo v2, doubled batch': 'mocov2-batch2x-200e',
}


def _linear(recipes: dict[str, str]) -> Meaning:
    return lambda row, column: (LINEAR, recipes.get(row, ''))


def _of_stage(row: str, column: int) -> tuple[Key, str]:
    return _STAGES[column], _LEVELS[row]


TABLES = {
    '6': PaperTable(
        'CsMl, Table 6',
        'parts of the method, top-1',
        ('method', 'top-1'),
        read_rows(
            """
            MoCo v2: 67.5
            q_a + q_p: 70.4
            q_a + q_p + mixed: 71.6
            q_a + q_p + mixed + multi-crop: 74.6
            """,
            _linear(_MODULES),
        ),
        note='The paper does not say whether these have branches; Table 7 '
        'has 71.6 with branches and without.',
    ),
    '7': PaperTable(
        'CsMl, Table 7',
        'stages at which views are pulled: linear classifiers at stages, and '
        'fine-tuning with 1 % of the labels, top-1',
        ('pulled at', 'stage 2', 'stage 3', 'stage 4', '1 % of the labels'),
        read_rows(
            """
            MoCo v2: 44.5 60.2 71.1 52.4
            stage 4: 45.1 60.7 71.6 53.4
            stages 3 and 4: 45.6 64.0 71.5 54.5
            stages 2, 3 and 4: 46.0 64.0 71.6 54.8
            """,
            _of_stage,
        ),
    ),
    'A.1': PaperTable(
        'CsMl, Table A.1',
        'on BYOL, top-1',
        ('method', 'top-1'),
        read_rows(
            """
            BYOL, 300 epochs: 72.5
            BYOL, 1000 epochs: 74.3
            CsMl, 300 epochs: 75.3
            """,
            _linear(_BYOL),
        ),
    ),
    'A.2': PaperTable(
        'CsMl, Table A.2',
        'more positives per step, top-1',
        ('method', 'top-1'),
        read_rows(
            """
            q_a + q_p: 70.4
            q_a + q_p1 + q_p2: 70.2
            q_a + q_p + mixed: 71.6
            """,
            _linear(_POSITIVES),
        ),
    ),
    'A.3': PaperTable(
        'CsMl, Table A.3',
        'MixUp and CutMix, top-1',
        ('method', 'top-1'),
        read_rows(
            """
            MoCo v2: 67.5
            q_a + q_p: 70.4
            q_a + q_p + MixUp: 70.1
            q_a + q_p + CutMix: 71.6
            """,
            _linear(_MIXES),
        ),
    ),
    '4.5': PaperTable(
        'CsMl, sections 4.4 and 4.5',
        'figures in the text, top-1',
        ('method', 'top-1'),
        read_rows(
            """
            x_p = x_a (k = 0): 68.6
            q_a + q_p, 100 epochs: 68.5
            q_a + q_p, 200 epochs: 70.4
            MoCo v2, 200 epochs: 67.5
            MoCo v2, 400 epochs: 69.5
            MoCo v2, 800 epochs: 71.1
            MoCo v2, 1600 epochs: 71.9
            MoCo v2, doubled batch: 68.9
            """,
            _linear(_TEXT),
        ),
        note='The paper does not say whether the images of k = 0 are mixed.',
    ),
}
