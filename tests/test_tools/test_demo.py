import json

import pytest
from PIL import Image

from tests.tool_process import run_tool


@pytest.mark.usefixtures('warm_python')
def test_short_demo(tmp_path):
    """All its steps, with one epoch instead of all."""
    run = run_tool('demo', '--out', tmp_path, '--epochs', 1, '--seed', 5)
    assert run.returncode == 0, run.stdout[-3000:]
    report = json.loads((tmp_path / 'report.json').read_text())
    assert list(report['arms']) == [
        'random weights',
        'MoCo v2',
        'HIRL-MoCo v2',
    ]
    assert report['facts']['seed'] == 5
    for figures in report['arms'].values():
        assert len(figures) == 8
        assert all(0 <= value <= 100 for value in figures.values())
    assert report['arms']['random weights']['kNN k=20'] > 50
    table = (tmp_path / 'report.md').read_text().split('\n\n')[0]
    assert table in run.stdout
    assert 'eta: ' in run.stdout and 'HIRL tree of epoch 1' in run.stdout
    with Image.open(tmp_path / 'semantic_tree.png') as picture:
        assert min(picture.size) > 800
