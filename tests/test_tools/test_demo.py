import json

import pytest
from PIL import Image

from tests.tool_process import run_tool

ARMS = ['random ResNet', 'MoCo v2', 'HIRL-MoCo v2']


@pytest.mark.usefixtures('starts_warm')
def test_short_demo(tmp_path):
    """All its steps, with two epochs instead of all."""
    run = run_tool('demo', '--out', tmp_path, '--epochs', 2, '--seed', 5)
    assert run.returncode == 0, run.stdout[-3000:]
    report = json.loads((tmp_path / 'report.json').read_text())
    assert list(report['arms']) == ARMS
    assert report['facts']['seed'] == 5
    for figures in report['arms'].values():
        assert len(figures) == 14
        assert all(0 < value['5'] <= 100 for value in figures.values())
    middle = report['arms']['random ResNet']['kNN k=20, middle']
    assert middle['5'] > 50
    table = (tmp_path / 'report.md').read_text().split('\n\n')[0]
    assert table in run.stdout
    head = [cell.strip() for cell in table.splitlines()[0].split('|')[1:-1]]
    assert head[1:4] == ARMS and head[-1].endswith('seeds, 95 %')
    assert run.stdout.count('finished: shapes, ') == 3
    with Image.open(tmp_path / 'semantic_tree.png') as picture:
        assert min(picture.size) > 800
