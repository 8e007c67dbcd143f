"""analyze_levels.py as a real process, on SimSiam and its only level."""

import json

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint

from hirl_mm.registry import MODELS
from tests.runs import ROOT
from tests.tool_process import run_tool


@pytest.fixture(scope='module')
def simsiam(digits, tmp_path_factory):
    """A config and a checkpoint of random weights."""
    folder = tmp_path_factory.mktemp('simsiam')
    cfg = Config.fromfile(
        ROOT / 'configs/debug/simsiam_resnet18_1xb64-4e_digits.py'
    )
    cfg.knn_queries.update(data_root=str(digits), indices=40)
    cfg.dump(folder / 'simsiam.py')
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    path = str(folder / 'epoch_4.pth')
    save_checkpoint(dict(state_dict=model.state_dict()), path)
    return folder / 'simsiam.py', path


def test_files_and_table(simsiam, tmp_path):
    done = run_tool(
        *('analyze_levels', *simsiam, '--out', tmp_path / 'levels'),
        *('--num-workers', 0, '--batch-size', 16, '--seed', 3),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    table = (tmp_path / 'levels/levels.md').read_text().split('\n\n')[0]
    assert table in done.stdout
    assert [row.split()[1] for row in table.splitlines()[2:]] == ['z1']
    content = json.loads((tmp_path / 'levels/levels.json').read_text())
    assert content['facts']['num_images'] == 40
    assert content['facts']['seed'] == 3
    assert content['facts']['checkpoint'] == simsiam[1]
    assert (tmp_path / 'levels/levels.png').is_file()


def test_what_is_wrong_is_one_line(simsiam, tmp_path):
    done = run_tool('analyze_levels', simsiam[0], 'gone.pth')
    assert done.returncode == 1 and 'Traceback' not in done.stdout
    assert 'gone.pth' in done.stdout.splitlines()[-1]
