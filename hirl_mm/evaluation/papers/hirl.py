"""Results that the HIRL paper reports, in percent.

`HIRL <https://arxiv.org/abs/2205.13159>`_ reports kNN, linear, fine-tuning
and semi-supervised accuracy in Table 2 (800 epochs: Table 8), Places205 and
COCO in Table 3 and clustering in Table 4. COCO is Mask R-CNN R50-C4 with 180k
iterations, or Cascade Mask R-CNN for ViT. The results of BEiT are in the
README of the released code.
"""

from .table import PaperTable, read_rows

_KEYS = (
    ('kNN', 'best k'),
    ('linear', 'top-1'),
    ('finetune', 'top-1'),
    ('semisup-1pct', 'top-1'),
    ('semisup-10pct', 'top-1'),
    ('places205-finetune', 'top-1'),
    ('clustering', 'acc'),
    ('clustering', 'NMI'),
    ('clustering', 'AMI'),
    ('coco-instance', 'box AP'),
    ('coco-instance', 'mask AP'),
)
_ROWS = """
mocov2-200e: 55.74 67.60 73.14 35.96 60.6 61.4 29.3 66.6 41.5 40.6 35.5
hirl-mocov2-200e: 57.56 68.40 73.86 37.31 61.71 61.9 32.9 69.4 46.5 41.1 35.7
simsiam-200e: 60.17 69.74 72.25 31.04 61.55 58.4 27.9 65.4 39.2 37.6 33.1
hirl-simsiam-200e: 62.68 69.81 72.88 33.34 62.94 61.3 30.2 66.7 41.7 40.0 35.0
swav-200e: 63.45 72.68 76.82 51.23 68.72 62.8 32.0 67.4 43.0 39.8 34.6
hirl-swav-200e: 63.99 73.43 77.18 52.12 69.32 63.2 33.5 68.7 45.3 40.5 35.2
swav-800e: 64.84 73.36 77.77 52.72 70.15 - - - - - -
hirl-swav-800e: 65.43 74.80 78.05 53.92 70.62 - - - - - -
mocov3-400e: 71.29 76.44 81.94 58.01 75.20 66.5 50.0 78.2 61.9 48.0 41.7
hirl-mocov3-400e: 71.68 75.12 82.19 60.92 74.91 66.6 50.2 79.4 64.4 48.4 42.0
dino-400e: 76.01 78.07 82.09 62.35 76.57 66.6 50.2 80.8 67.4 49.7 43.1
hirl-dino-400e: 76.84 78.32 83.24 64.73 76.85 67.1 52.4 80.8 66.6 50.3 43.7
ibot-400e: 76.64 79.00 82.47 64.60 77.19 67.3 51.1 79.9 64.9 50.9 43.9
hirl-ibot-400e: 77.49 79.36 83.37 66.15 77.32 67.7 53.4 81.6 68.0 51.1 44.0
beit-400e: - - 83.10 - - - - - - - -
hirl-beit-400e: - - 83.41 - - - - - - - -
"""
TABLE = PaperTable(
    'HIRL',
    'Results on ImageNet, Places205 and COCO',
    ('recipe', *(' '.join(key) for key in _KEYS)),
    read_rows(
        _ROWS,
        lambda recipe, column: (_KEYS[column], recipe),
    ),
    digits=2,
)
