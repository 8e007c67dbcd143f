"""Sweeps over the learning rate, as real processes and step by step."""

import json
import os
import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import save_checkpoint

from hirl_mm.registry import MODELS
from hirl_mm.studies import RunFolder
from hirl_mm.studies.sweep.plan import folder_name, parse_arms, plan_sweep
from tests.processes import free_port
from tests.runs import ROOT
from tests.tool_process import run_tool

pytestmark = pytest.mark.usefixtures('starts_warm')

CONFIG = ROOT / 'configs/evaluation/demo/resnet18_1xb64-linear-10e_digits.py'
PARAM = 'optim_wrapper.optimizer.lr'


@pytest.fixture(scope='module')
def arms(tmp_path_factory):
    """Two checkpoints of the backbone, of different weights."""
    folder = tmp_path_factory.mktemp('arms')
    cfg = Config.fromfile(CONFIG)
    cfg.model.backbone.pop('init_cfg')
    files = {}
    for name in 'Plain', 'HIRL v2':
        backbone = MODELS.build(dict(cfg.model.backbone, _scope_='mmpretrain'))
        backbone.init_weights()
        state = {f'backbone.{k}': v for k, v in backbone.state_dict().items()}
        files[name] = str(folder / f'{folder_name(name)}.pth')
        save_checkpoint(dict(state_dict=state), files[name])
    return files


def sweep(work_dir, arms, *options):
    words = [f'{name}={file}' for name, file in arms.items()]
    return run_tool(
        *('sweep', CONFIG, '--arms', *words),
        *('--work-dir', work_dir, '--lr', '0.01', '1', *options),
    )


def test_two_arms_at_two_rates(arms, digits, tmp_path, monkeypatch):
    options = (
        '--cfg-options',
        'train_cfg.max_epochs=1',
        *(
            f'{loader}_dataloader.dataset.{key}'
            for loader in ('train', 'val')
            for key in (f'data_root={digits}', 'indices=96')
        ),
    )
    run = sweep(tmp_path, arms, *options)
    assert run.returncode == 0, run.stdout[-3000:]
    assert '4 runs, 0 of them finished before' in run.stdout
    assert len(re.findall(r'eta: \d:\d\d:\d\d', run.stdout)) == 4
    assert len(re.findall(r'Epoch\(val\) \[1\]', run.stdout)) == 4
    table = (tmp_path / 'sweep.md').read_text().split('\n\n')[0]
    assert table in run.stdout and 'at the edge of the grid' in run.stdout
    content = json.loads((tmp_path / 'sweep.json').read_text())
    keys = {(r['arm'], r['rate'], r['seed']) for r in content['runs']}
    assert keys == {(arm, lr, 0) for arm in arms for lr in (0.01, 1.0)}
    recipes, metric = [], 'accuracy/top1'
    for result in content['runs']:
        folder = tmp_path / folder_name(result['arm'])
        folder /= f'lr-{result["rate"]:g}-seed-0'
        (config,) = folder.glob('*/vis_data/config.py')
        cfg = Config.fromfile(config)
        assert cfg.optim_wrapper.optimizer.pop('lr') == result['rate']
        backbone = cfg.model.backbone
        assert backbone.init_cfg.pop('checkpoint') == arms[result['arm']]
        for key in ('work_dir', 'launcher'):
            cfg.pop(key, None)
        recipes.append(cfg.to_dict())
        assert RunFolder(folder).last_value(metric) == result['value']
    assert all(recipe == recipes[0] for recipe in recipes)

    # A run that was stopped is resumed, here by two processes.
    record = tmp_path / 'plain/lr-1-seed-0/sweep_run.json'
    stored = json.loads(record.read_text())
    record.write_text(json.dumps(stored | dict(value=None)))
    monkeypatch.setenv('PORT', str(free_port()))
    again = sweep(tmp_path, arms, '--gpus', '2', *options)
    assert again.returncode == 0, again.stdout[-3000:]
    assert '4 runs, 3 of them finished before' in again.stdout
    assert (tmp_path / 'sweep.md').read_text().split('\n\n')[0] == table
    log = (record.parent / 'train.log').read_text()
    assert 'resumed epoch: 1' in log
    *_, resumed = sorted(record.parent.glob('*/*.log'))
    assert 'GPU number: 2' in resumed.read_text()
    assert json.loads(record.read_text()) == stored


def test_nothing_runs_before_all_is_checked(arms, tmp_path):
    bad = tmp_path / 'bad.pth'
    save_checkpoint(dict(state_dict={'backbone.conv1.weight': 1}), str(bad))
    run = sweep(tmp_path / 'sweep', arms | {'broken': str(bad)})
    assert run.returncode == 1
    assert 'error: ' in run.stdout and 'bad.pth' in run.stdout
    assert 'Traceback' not in run.stdout
    assert not (tmp_path / 'sweep').exists()


def planned(work_dir, arms, **changes):
    arguments = dict(
        config=str(CONFIG),
        param=PARAM,
        arms=arms,
        rates=[1.0, 0.01],
        seeds=[0, 3],
        options=['a=1'],
        work_dir=work_dir,
    )
    return plan_sweep(**arguments | changes)


def test_plan(arms, tmp_path):
    runs = planned(tmp_path, arms)
    assert [run.key for run in runs] == [
        (arm, rate, seed)
        for rate in (0.01, 1.0)
        for seed in (0, 3)
        for arm in arms
    ]
    assert len({run.folder for run in runs}) == 8
    assert runs[3].folder == tmp_path / 'hirl-v2' / 'lr-0.01-seed-3'
    assert runs[3].options == (
        f'{PARAM}=0.01',
        f'model.backbone.init_cfg.checkpoint={arms["HIRL v2"]}',
        'randomness.seed=3',
        'a=1',
    )


def test_rate_of_a_classifier_alone(arms, tmp_path):
    """As docs/evaluation.md sweeps it: a multiple of the encoder's rate."""
    folder = ROOT / 'configs/evaluation/semisup'
    param = 'optim_wrapper.paramwise_cfg.custom_keys.head.lr_mult'
    runs = planned(
        tmp_path,
        arms,
        config=str(folder / 'resnet50_8xb32-coslr-20e_in1k-1pct.py'),
        param=param,
        rates=[15000.0, 1.0],
    )
    assert runs[0].options[0] == f'{param}=1'
    assert runs[-1].options[0] == f'{param}=15000'


def test_results_of_other_settings_are_refused(arms, tmp_path):
    (run, *_) = planned(tmp_path, arms)
    assert run.result() is None
    run.note(None)
    assert run.result() is None
    run.note(12.5)
    assert run.result() == 12.5
    (other, *_) = planned(tmp_path, arms, options=['a=2'])
    with pytest.raises(ValueError, match=r"options was \['a=1'\], now"):
        other.result()
    Path(arms['Plain']).touch()
    os.utime(arms['Plain'], (1, 1))
    with pytest.raises(ValueError, match='written_ns was .*choose another'):
        planned(tmp_path, arms)[0].result()
    assert planned(tmp_path, arms)[1].result() is None


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        (dict(config='no.py'), 'no config file no.py'),
        (dict(param='optim_wrapper.optimizer'), 'has no number at optim'),
        (dict(param='optim_wrapper.optim.lr'), 'has no number at optim'),
        (dict(rates=[0.1, 0.0]), 'above 0 and differ'),
        (dict(rates=[0.1, 0.1000001]), 'above 0 and differ'),
        (dict(seeds=[1, 1]), 'seeds must differ'),
        (dict(arms={'a': 'no.pth'}), 'no checkpoint no.pth for a'),
        (dict(arms={'a b': 'x', 'a-b': 'y'}), 'names that differ'),
        (dict(arms={'': 'x'}), 'names that differ'),
    ],
)
def test_bad_plans(arms, tmp_path, changes, match):
    with pytest.raises((ValueError, FileNotFoundError), match=match):
        planned(tmp_path, **dict(arms=arms) | changes)


def test_config_without_a_protocol(arms, tmp_path):
    config = ROOT / 'configs/demo/mocov2_resnet18_1xb64-20e_digits.py'
    with pytest.raises(ValueError, match='has no protocol=dict'):
        planned(tmp_path, arms, config=str(config))


def test_arms_of_the_command_line():
    words = ['MoCo v2=a.pth', 'HIRL=runs/lr=1/b.pth']
    expected = {'MoCo v2': 'a.pth', 'HIRL': 'runs/lr=1/b.pth'}
    assert parse_arms(words) == expected
    for wrong in ['a'], ['a='], ['a=x', 'a=y']:
        with pytest.raises(ValueError, match='takes words of the form NAME='):
            parse_arms(wrong)
