"""Table 5 of the paper: configs and figures row by row."""

import re

import pytest
from mmengine.config import Config, DictAction

from tests.runs import ROOT, run, small_config

FOLDER = ROOT / 'configs/ablations'
STANDARD = '../hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py'
TABLE_5 = [
    ((30000,), 1000, 56.22),
    ((50000,), 1000, 56.71),
    ((30000, 10000), 1000, 56.75),
    ((30000, 10000, 1000), 1000, 57.56),
    ((30000, 10000, 1000, 200), 1000, 57.72),
    ((30000, 10000, 1000), 100, 57.28),
    ((30000, 10000, 1000), 5000, 57.37),
    ((30000, 10000, 1000), 10000, 57.32),
]
README = (FOLDER / 'README.md').read_text()
ROWS = re.findall(
    r'^\| ([\d, ]+) \| (\d+) \| ([\d.]+) \| \[(\S+)\]\((\S+)\)',
    README,
    re.MULTILINE,
)


def numbers(text):
    return tuple(int(part) for part in text.split(','))


def test_readme_has_the_rows_of_the_paper():
    found = [(numbers(m), int(n), float(knn)) for m, n, knn, *_ in ROWS]
    assert found == TABLE_5
    for *_, name, link in ROWS:
        assert name == link
    files = {path.name for path in FOLDER.glob('*.py')}
    assert files == {link for *_, link in ROWS} - {STANDARD}


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row[4])
def test_config_of_a_row_differs_by_it_alone(row):
    nums, num_negatives = numbers(row[0]), int(row[1])
    standard = Config.fromfile(FOLDER / STANDARD)
    cfg = Config.fromfile(FOLDER / row[4])
    standard.model.spd_head.update(
        num_levels=len(nums), num_negatives=num_negatives
    )
    standard.default_hooks.kmeans.num_prototypes = nums
    assert cfg.to_dict() == standard.to_dict()


SCALED = re.findall(r'^\| [\d, ]+ \| `(\S+)` \| (\d) \|$', README, re.M)


def test_readme_scales_every_structure():
    assert len(SCALED) == 5


@pytest.mark.parametrize(('nums', 'num_levels'), SCALED)
def test_structure_of_the_digits(nums, num_levels):
    """The options of the README, as the command line reads them."""
    assert len(DictAction._parse_iterable(nums)) == int(num_levels)


@pytest.mark.parametrize('nums', [(12,), (12, 6, 4, 2)])
def test_one_and_four_levels_train(nums, digits, tmp_path):
    cfg = small_config(digits, tmp_path, num_prototypes=nums)
    cfg.model.spd_head.num_levels = len(nums)
    tree = run(cfg).model.tree
    assert tree.num_prototypes == nums
