"""Everything wrong is said before the first iteration."""

import shutil

import pytest
import torch
from mmengine.hooks import Hook

from tests.runs import run, small_config


class NoIteration(Hook):
    def before_train_iter(self, runner, batch_idx, data_batch=None):
        raise AssertionError('an iteration was started')


def fail_to_run(cfg, error, message):
    with pytest.raises(error, match=message):
        run(cfg, NoIteration())


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_prototypes=(12, 12, 2)), r'strictly decrease .*12, 12, 2'),
        (dict(num_prototypes=(97, 4, 2)), '97 clusters of 96 images; .* 96,'),
        (dict(num_prototypes=(12, 4)), '2 levels, but spd_head .*levels=3'),
        (dict(num_prototypes=(12.0, 4, 2)), 'whole numbers'),
        (dict(start_epoch=2), 'start_epoch=2 leaves no .*max_epochs=2'),
        (dict(start_epoch=-1), 'at least 0 .* got -1'),
        (dict(interval=0), 'interval at least 1, got 1 and 0'),
        (dict(backend='gpu'), "'triton' or 'faiss', got 'gpu'"),
    ],
)
def test_options_of_the_hook(options, message, digits, tmp_path):
    cfg = small_config(digits, tmp_path, **options)
    fail_to_run(cfg, ValueError, message)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_negatives=0), 'num_negatives must be at least 1.* got 0'),
        (dict(num_layers=1), 'num_layers at least 2, got 3 and 1'),
        (dict(num_levels=0), 'num_levels must be at least 1'),
        (dict(reduction='sum'), "reduction must be one of .*'sum'"),
    ],
)
def test_options_of_the_head(options, message, digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    cfg.model.spd_head.update(options)
    fail_to_run(cfg, ValueError, message)


def test_misspelt_option_names_the_class(digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    cfg.model.spd_head.num_negative = 5
    fail_to_run(cfg, TypeError, 'SPDHead.*num_negative')


def test_two_prototypes_are_the_least(digits, tmp_path):
    cfg = small_config(digits, tmp_path, num_prototypes=(1,))
    cfg.model.spd_head.num_levels = 1
    fail_to_run(cfg, ValueError, r'at least 2 prototypes .*\(1,\)')


def test_hook_on_a_plain_method(digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    cfg.model.type = 'MoCo'
    del cfg.model.spd_head
    fail_to_run(cfg, TypeError, 'such as hirl_mm.HIRLMoCo.* is a MoCo')


def test_iteration_based_loop(digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=4)
    fail_to_run(cfg, ValueError, 'EpochBasedTrainLoop.* IterBasedTrainLoop')


def test_missing_data_root(digits, tmp_path):
    cfg = small_config(digits, tmp_path)
    cfg.train_dataloader.dataset.data_root = str(tmp_path / 'nowhere')
    fail_to_run(cfg, FileNotFoundError, 'nowhere')


def test_empty_data_root(digits, tmp_path):
    (tmp_path / 'empty/train/0').mkdir(parents=True)
    cfg = small_config(digits, tmp_path)
    cfg.train_dataloader.dataset.data_root = str(tmp_path / 'empty')
    fail_to_run(cfg, RuntimeError, 'found no images .*empty/train')


@pytest.mark.parametrize('content', [b'', b'no image'])
@pytest.mark.parametrize('stage', ['training', 'feature pass'])
def test_corrupt_image_is_named(stage, content, digits, tmp_path):
    root = shutil.copytree(digits, tmp_path / 'digits')
    images = sorted((root / 'train/0').iterdir())
    images[3].write_bytes(content)
    cfg = small_config(root, tmp_path, start_epoch=stage == 'training')
    cfg.train_dataloader.dataset.indices = 96
    with pytest.raises(OSError, match=f'cannot read .*{images[3].name}'):
        run(cfg)


def test_pipelines_that_drop_the_sample_index(digits, tmp_path):
    pack = dict(type='PackInputs', meta_keys=('img_path',))
    cfg = small_config(digits, tmp_path / 'a')
    cfg.train_dataloader.dataset.pipeline[-1] = pack
    with pytest.raises(ValueError, match="'sample_idx' in the meta_keys"):
        run(cfg)
    cfg = small_config(digits, tmp_path / 'b')
    cfg.default_hooks.kmeans.pipeline[-1] = pack
    fail_to_run(cfg, ValueError, 'the pipeline does not pack')


def test_features_that_are_not_finite(digits, tmp_path):
    """The sample indices and paths are named, no tree is left behind."""

    class Diverge(Hook):
        priority = 'HIGHEST'

        def before_train_epoch(self, runner):
            if runner.epoch == 1:
                weight = runner.model.encoder_k.module[1].fc1.weight
                weight.data.fill_(float('nan'))

    cfg = small_config(digits, tmp_path, guard=dict(max_rejected=1))
    cfg.custom_hooks = [dict(type='hirl_mm.Diverge')]
    from hirl_mm.registry import HOOKS

    HOOKS.register_module(module=Diverge, force=True)
    message = r'96 of 96 rows hold NaN.*\[0, 1, 2, 3, 4\] .*train/0/\d+\.png'
    with pytest.raises(RuntimeError, match=message):
        run(cfg)
    assert torch.load(tmp_path / 'epoch_1.pth', weights_only=False)
    assert not (tmp_path / 'prototype_trees').exists()
