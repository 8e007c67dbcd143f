"""Results of evaluations and of trained protocols, from their folders."""

import json

import pytest
import torch

from hirl_mm.engine.features.fingerprint import file_fingerprint
from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.studies.comparison import (
    gather_results,
    load_results,
    write_results,
)
from hirl_mm.studies.comparison.protocol_run import read_protocol_run

CONFIG = """
model = dict(backbone=dict(init_cfg=dict(checkpoint='{checkpoint}')))
protocol = dict(name='{name}', metric='{metric}', further_metrics={further})
train_cfg = dict(max_epochs={epochs})
"""


def write_run(
    folder,
    values,
    name='linear',
    epochs=3,
    time='20260101',
    checkpoint='gone.pth',
    metric='accuracy/top1',
    further=None,
):
    """What MMEngine leaves of a run: its config and its scalars."""
    folder.mkdir(parents=True, exist_ok=True)
    further = further or {}
    (folder / 'c.py').write_text(
        CONFIG.format(
            name=name,
            epochs=epochs,
            checkpoint=checkpoint,
            metric=metric,
            further=list(further),
        )
    )
    lines = [dict(lr=0.1, step=10, iter=10)]
    lines += [{metric: v, 'step': s} | further for s, v in values.items()]
    log = folder / time / 'vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('\n'.join(map(json.dumps, lines)) + '\n')
    return folder


def write_frozen(folder, checkpoint='abc', name='kNN'):
    results = ArmResults('x', 'recipe', source=dict(checkpoint=checkpoint))
    results.add(name, {'k=10': 90.0}, seconds=1)
    write_results(folder, results)
    return folder


def test_last_and_best_validation(tmp_path):
    run = read_protocol_run(write_run(tmp_path, {1: 40.0, 2: 60.0, 3: 50.0}))
    assert (run.protocol, run.last, run.best) == ('linear', 50.0, 60.0)


def test_resumed_run_is_one_run(tmp_path):
    write_run(tmp_path, {1: 40.0, 2: 70.0}, time='20260101')
    write_run(tmp_path, {2: 60.0, 3: 50.0}, time='20260102')
    assert read_protocol_run(tmp_path).values == {1: 40.0, 2: 60.0, 3: 50.0}


@pytest.mark.parametrize(
    ('values', 'message'),
    [({}, 'no value of accuracy/top1'), ({1: 1.0, 2: 2.0}, 'after 2 of 3')],
)
def test_run_that_has_not_ended(values, message, tmp_path):
    write_run(tmp_path, values)
    with pytest.raises(ValueError, match=message):
        read_protocol_run(tmp_path)


def test_run_of_something_else(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no run'):
        read_protocol_run(tmp_path)
    write_run(tmp_path, {3: 1.0})
    (tmp_path / 'c.py').write_text('train_cfg = dict(max_epochs=3)')
    with pytest.raises(ValueError, match=r'c.py names no protocol'):
        read_protocol_run(tmp_path)


def test_all_folders_of_a_network(tmp_path):
    arm = gather_results(
        'HIRL',
        [
            write_run(tmp_path / 'linear', {3: 50.0}),
            write_frozen(tmp_path / 'frozen'),
            write_frozen(tmp_path / 'svm', name='svm'),
        ],
    )
    assert arm.figures == {
        'linear': {'top-1': 50.0},
        'kNN': {'k=10': 90.0},
        'svm': {'k=10': 90.0},
    }
    assert (arm.name, arm.recipe) == ('HIRL', 'recipe')
    assert arm.facts['linear'] == dict(
        best=50.0,
        steps=3,
        checkpoint='gone.pth',
        source=str(tmp_path / 'linear'),
    )


def test_detectors_log_shares_and_count_in_percent(tmp_path):
    folder = write_run(
        tmp_path,
        {1: 0.5, 3: 0.572},
        metric='pascal_voc/mAP',
        further={'pascal_voc/AP50': 0.826, 'pascal_voc/AP75': 0.643},
    )
    run = read_protocol_run(folder)
    assert run.figures == pytest.approx(
        {'AP': 57.2, 'AP50': 82.6, 'AP75': 64.3}
    )
    arm = gather_results('HCCL', [folder])
    assert arm.figures['linear'] == run.figures
    assert arm.facts['linear']['best'] == pytest.approx(57.2)


def test_further_metrics_of_a_classifier(tmp_path):
    further = {'accuracy/top5': 80.0}
    run = read_protocol_run(write_run(tmp_path, {3: 60.0}, further=further))
    assert run.figures == {'top-1': 60.0, 'top-5': 80.0}


def test_recipe_is_known_by_the_run_of_the_checkpoint(tmp_path):
    """Without results of tools/evaluate.py, which have it."""
    checkpoint = tmp_path / 'pretrained/epoch_100.pth'
    checkpoint.parent.mkdir()
    torch.save(dict(meta=dict(epoch=100, iter=1)), checkpoint)
    name = 'hccl_resnet50_8xb64-coslr-100e_in1k'
    folder = write_run(
        tmp_path / 'linear', {3: 69.0}, 'linear-90e', checkpoint=checkpoint
    )
    assert gather_results('HCCL', [folder]).recipe == ''
    (checkpoint.parent / f'{name}.py').touch()
    arm = gather_results('HCCL', [folder])
    assert arm.recipe == name
    assert arm.paper() == {('linear-90e', 'top-1'): 69.5}
    (checkpoint.parent / f'{name}.py').unlink()
    assert gather_results('HCCL', [folder]).recipe == ''


def test_results_of_two_checkpoints_are_no_network(tmp_path):
    folders = [
        write_frozen(tmp_path / 'a'),
        write_frozen(tmp_path / 'b', checkpoint='other', name='svm'),
    ]
    with pytest.raises(ValueError, match='b is of another checkpoint'):
        gather_results('HIRL', folders)


@pytest.mark.parametrize('order', [1, -1])
def test_protocol_of_another_checkpoint(order, tmp_path):
    weights = tmp_path / 'weights.pth'
    weights.write_bytes(b'weights')
    folders = [
        write_frozen(tmp_path / 'frozen', file_fingerprint(weights)),
        write_run(tmp_path / 'run', {3: 5.0}, checkpoint=weights),
    ][::order]
    assert gather_results('HIRL', folders).figures['linear'] == {'top-1': 5.0}
    weights.write_bytes(b'other weights')
    with pytest.raises(ValueError, match='run is of another checkpoint'):
        gather_results('HIRL', folders)


def test_files(tmp_path):
    results = ArmResults('plain', 'recipe')
    results.add('kNN', {'k=10': 75.0}, seed=0)
    table = write_results(tmp_path, results)
    assert load_results(tmp_path / 'results.json') == results
    assert (tmp_path / 'results.md').read_text().startswith(table)
    assert (tmp_path / 'results.png').is_file()


@pytest.mark.parametrize('content', ['[]', '{"arms": 3}', '{'])
def test_file_of_something_else(content, tmp_path):
    (tmp_path / 'results.json').write_text(content)
    with pytest.raises(ValueError, match=r'results.json holds no results'):
        load_results(tmp_path / 'results.json')
    with pytest.raises(FileNotFoundError, match='run tools/evaluate.py'):
        load_results(tmp_path / 'gone.json')
