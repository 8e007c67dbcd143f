"""Few labels, mined labels, training on: all with the tools themselves."""

import json
import shutil

import cv2
import pytest
from mmengine.config import Config

from hirl_mm.datasets.converters.annotations import (
    read_annotations,
    write_annotations,
)
from hirl_mm.datasets.converters.class_draw import draw_images
from hirl_mm.studies import RunFolder
from tests.hostile_files import add_code
from tests.runs import ROOT, run, small_config
from tests.tool_process import launch_tool, run_tool
from tests.training_tool import train

FOLDER = ROOT / 'configs/evaluation'
FEW = FOLDER / 'demo/resnet18_1xb16-finetune-20e_digits-1pct.py'
MINED = FOLDER / 'mining/resnet18_1xb64-finetune-10e_digits-1pct.py'
# A narrow network, which a few epochs train.
NARROW = (
    *('model.backbone.base_channels=8', 'model.backbone.stem_channels=8'),
    *('model.head.in_channels=64', 'optim_wrapper.optimizer.lr=0.02'),
)


@pytest.fixture(scope='module')
def data(digits, tmp_path_factory):
    """The digits, with labels of 4 % (60 images)."""
    folder = tmp_path_factory.mktemp('few') / 'digits'
    shutil.copytree(digits, folder)
    entries = draw_images(folder / 'train', 0.04)
    write_annotations(folder / 'meta/1percent.txt', entries)
    return folder


def options(data, *others):
    roots = (
        f'{name}_dataloader.dataset.data_root={data}'
        for name in ('train', 'val')
    )
    return '--cfg-options', *roots, *NARROW, *others


@pytest.fixture(scope='module')
def classifier(data, tmp_path_factory):
    """Checkpoint of a fine-tuning with few labels, after a pre-training."""
    folder = tmp_path_factory.mktemp('pretrained')
    run(small_config(data, folder, hirl=False, epochs=3))
    source = folder / 'epoch_3.pth'
    work_dir = tmp_path_factory.mktemp('classifier')
    train(
        *(FEW, work_dir),
        *options(data, f'model.backbone.init_cfg.checkpoint={source}'),
    )
    return work_dir / 'epoch_20.pth'


@pytest.fixture(scope='module')
def mined(data, classifier):
    """What the tool printed; its files lie beside the list of labels."""
    words = FEW, classifier, '--num-workers', 0, '--max-entropy', 1.2
    done = run_tool('mine_labels', *words, *options(data))
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def test_list_of_true_and_mined_labels(data, mined):
    true = read_annotations(data / 'meta/1percent.txt', 10)
    entries = read_annotations(data / 'meta/1percent-mined.txt', 10)
    assert entries[: len(true)] == true and len(true) == 60
    paths = [path for path, _ in entries]
    assert len(paths) == len(set(paths)) > 200
    assert all((data / 'train' / path).is_file() for path in paths)
    others = entries[len(true) :]
    right = sum(int(path.split('/')[0]) == label for path, label in others)
    # Ten classes, and three epochs of pre-training.
    assert right / len(others) > 0.5


def test_report(data, mined):
    report = json.loads((data / 'meta/1percent-mined.json').read_text())
    classes = report['classes']
    assert sum(classes['labelled']) == 60 and sum(classes['predicted']) == 1440
    num_kept = sum(classes['kept'])
    assert f'{num_kept} of 1440 unlabelled images are kept' in mined
    assert sum(report['entropy']['counts']) == 1440
    assert report['facts']['max_entropy'] == 1.2
    entries = read_annotations(data / 'meta/1percent-mined.txt', 10)
    for label in range(10):
        num = classes['labelled'][label] + classes['kept'][label]
        assert num == sum(other == label for _, other in entries)
    table = (data / 'meta/1percent-mined.md').read_text()
    assert len(table.split('\n\n')[0].splitlines()) == 2 + 11
    picture = cv2.imread(str(data / 'meta/1percent-mined.png'))
    assert picture.std() > 5


def test_said_before_it_starts(data, mined):
    first, second, *_ = (
        line for line in mined.splitlines() if str(data) in line
    )
    assert first.startswith('60 images with a true label in ')
    assert '1440 without; 0 images of the validation' in first
    assert second == (
        f'will write {data}/meta/1percent-mined.txt, and beside it '
        '1percent-mined.md, 1percent-mined.json, 1percent-mined.png'
    )


def test_two_processes_write_the_same(data, classifier, mined, tmp_path):
    out = tmp_path / 'two.txt'
    done = launch_tool(
        *(2, 'mine_labels', FEW, classifier, '--out', out),
        *('--max-entropy', 1.2, '--num-workers', 0, *options(data)),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.count('will write') == 1
    one = (data / 'meta/1percent-mined.txt').read_text()
    assert out.read_text() == one


def test_training_on(data, classifier, mined, tmp_path):
    """It begins with the classifier: steps of no size leave it as it is."""
    before = RunFolder(classifier.parent).last_value('accuracy/top1')
    still = (
        *('train_cfg.max_epochs=1', 'optim_wrapper.optimizer.lr=1e-9'),
        'model.backbone.norm_eval=True',
    )
    train(MINED, tmp_path, *options(data, f'load_from={classifier}', *still))
    after = RunFolder(tmp_path).last_value('accuracy/top1')
    assert after == pytest.approx(before, abs=0.4)  # One image is 0.34 %.
    assert before > 50  # Chance is 10.
    (record,) = tmp_path.glob('*/vis_data/config.py')
    assert Config.fromfile(record).protocol.name == 'semisup-mined-1pct'


def test_training_on_needs_a_classifier(data, mined, tmp_path):
    done = run_tool('train', MINED, '--work-dir', tmp_path, *options(data))
    assert done.returncode == 1 and 'Traceback' not in done.stdout
    assert '--cfg-options load_from=FILE' in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (('--max-entropy', -1), '--max-entropy must be at least 0: -1'),
        (('--out', 'a.csv'), '--out must end with .txt, got a.csv'),
    ],
)
def test_bad_options(words, message):
    done = run_tool('mine_labels', FEW, 'any.pth', *words)
    assert done.returncode == 2 and message in done.stdout


def test_checkpoint_that_could_run_code(data, classifier, tmp_path):
    marker = tmp_path / 'code_ran'
    hostile = add_code(classifier, marker, tmp_path / 'hostile.pth')
    words = (
        *(FEW, hostile, '--out', tmp_path / 'a.txt', '--num-workers', 0),
        *options(data),
    )
    done = run_tool('mine_labels', *words)
    assert done.returncode == 1 and 'Traceback' not in done.stdout
    assert f'{hostile} holds more than tensors' in done.stdout
    assert not marker.exists()
    done = run_tool('mine_labels', *words, '--trust-checkpoint')
    assert done.returncode == 0 and marker.exists()


def test_true_labels_are_not_replaced(data, classifier):
    source = data / 'meta/1percent.txt'
    before = source.read_text()
    done = run_tool(
        *('mine_labels', FEW, classifier, '--out', source, *options(data))
    )
    assert done.returncode == 1 and 'Traceback' not in done.stdout
    assert 'is the list of the true labels' in done.stdout.splitlines()[-1]
    assert source.read_text() == before
