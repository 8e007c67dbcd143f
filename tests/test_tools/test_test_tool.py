"""tools/test.py as a real process."""

import re

import cv2
import pytest
from mmengine.config import Config

from hirl_mm.datasets.toy import write_shape_scenes
from hirl_mm.registry import MODELS
from tests.detectors import DEMO, FOLDER
from tests.released import under
from tests.runs import ROOT
from tests.tool_process import launch_tool, run_tool
from tests.trained_files import save
from tests.training_tool import train

pytest.importorskip('mmdet.models')

CONFIG = FOLDER / DEMO
CLASSIFIER = (
    ROOT / 'configs/evaluation/demo/resnet18_1xb64-linear-10e_digits.py'
)


def test_metrics_and_pictures(tmp_path):
    scenes = write_shape_scenes(tmp_path / 'scenes', num_train=1, num_val=3)
    cfg = Config.fromfile(CONFIG)
    cfg.model.backbone.pop('init_cfg')
    model = MODELS.build(dict(cfg.model, _scope_='mmdet'))
    # All boxes are shown, of whatever score.
    weights = save(model.state_dict(), tmp_path)
    annotations = scenes / 'annotations/instances_val.json'
    done = run_tool(
        *('test', CONFIG, weights, '--work-dir', tmp_path / 'run'),
        *('--show-dir', tmp_path / 'shown', '--cfg-options'),
        f'test_dataloader.dataset.data_root={scenes}',
        f'test_evaluator.ann_file={annotations}',
        'model.test_cfg.rcnn.score_thr=0.0',
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert f'weights of {weights}; the whole model was loaded' in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    printed = {
        line[0]: float(line[1])
        for line in lines
        if len(line) == 2 and line[0].startswith('coco/')
    }
    assert {'coco/bbox_mAP', 'coco/segm_mAP'} <= set(printed)
    assert 0 <= printed['coco/bbox_mAP'] < 0.2
    pictures = sorted((tmp_path / 'shown').glob('*.png'))
    assert len(pictures) == 3
    # Annotations on the left, predictions on the right, and their titles.
    for picture in map(cv2.imread, map(str, pictures)):
        assert picture.shape == (128 + 18, 320, 3)
        for half in (picture[:18, :160], picture[:18, 160:]):
            assert half.min() < 60 and (half == 255).mean() > 0.5


def test_classifier_on_its_validation_data(digits, tmp_path):
    cfg = Config.fromfile(CLASSIFIER)
    cfg.model.backbone.pop('init_cfg')
    model = dict(cfg.model, data_preprocessor=cfg.data_preprocessor)
    model = MODELS.build(dict(model, _scope_='mmpretrain'))
    weights = save(model.state_dict(), tmp_path)
    done = run_tool(
        *('test', CLASSIFIER, weights, '--work-dir', tmp_path / 'run'),
        *('--cfg-options', f'val_dataloader.dataset.data_root={digits}'),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    lines = [line.split() for line in done.stdout.splitlines()]
    printed = dict(line for line in lines if len(line) == 2)
    assert 0 <= float(printed['accuracy/top1']) < 50


def test_training_and_testing_agree(tmp_path):
    """The commands of docs/detection.md, the second by two processes."""
    scenes = write_shape_scenes(tmp_path / 'scenes', num_train=8, num_val=1)
    cfg = Config.fromfile(CONFIG)
    backbone = MODELS.build(dict(cfg.model.backbone, _scope_='mmdet'))
    pre_trained = save(under('backbone.', backbone.state_dict()), tmp_path)
    # What was learned is asked for, or there is nothing to compare so early.
    annotations = 'annotations/instances_train.json'
    shared = ['model.test_cfg.rcnn.score_thr=0.0']
    for part in ('val', 'test'):
        shared += [f'{part}_dataloader.dataset.data_root={scenes}']
        shared += [f'{part}_dataloader.dataset.data_prefix.img=train']
        shared += [f'{part}_dataloader.dataset.ann_file={annotations}']
        shared += [f'{part}_evaluator.ann_file={scenes / annotations}']
    log = train(
        CONFIG,
        tmp_path / 'run',
        *('--cfg-options', f'train_dataloader.dataset.data_root={scenes}'),
        *('train_cfg.max_epochs=12', 'train_cfg.val_interval=12', *shared),
        'train_dataloader.batch_size=2',
        f'model.backbone.init_cfg.checkpoint={pre_trained}',
    )
    (last,) = (line for line in log.splitlines() if '(val) [12]' in line)
    done = launch_tool(
        *(2, 'test', CONFIG, tmp_path / 'run/epoch_12.pth'),
        *('--work-dir', tmp_path / 'tested', '--cfg-options', *shared),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    for kind in ('bbox', 'segm'):
        key = f'coco/{kind}_mAP_50'
        (found,) = re.findall(rf'^{key} +(\S+)$', done.stdout, re.MULTILINE)
        (logged,) = re.findall(rf'{key}: (\S+)', last)
        assert float(found) == float(logged) > 0


def test_no_such_checkpoint():
    done = run_tool('test', CONFIG, 'gone.pth')
    assert done.returncode == 2
    assert 'there is no file gone.pth' in done.stdout.splitlines()[-1]
