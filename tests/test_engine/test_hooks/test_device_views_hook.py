"""Trainings whose views are made on the device."""

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.engine.checks.errors import StartError
from hirl_mm.engine.runtime.device_views import place_views
from tests.device_recipes import moco_on_digits
from tests.runs import run


class Views(Hook):
    """First views of every step, as the model gets them."""

    def __init__(self):
        self.seen = []

    def before_train(self, runner):
        model = runner.model
        preprocess = model.data_preprocessor.forward

        def keep(data, training=False):
            out = preprocess(data, training)
            if training:
                self.seen.append(torch.stack(out['inputs']))
            return out

        model.data_preprocessor.forward = keep


def train(digits, work_dir, **options):
    epochs = options.pop('epochs', 2)
    hirl = epochs > 1
    cfg = moco_on_digits(digits, work_dir, epochs=epochs, hirl=hirl)
    cfg.merge_from_dict(options)
    place_views(cfg)
    views = Views()
    return run(cfg, views), views.seen


@pytest.fixture(scope='module')
def whole(digits, tmp_path_factory):
    """A training of two epochs of three steps, with its checkpoints."""
    folder = tmp_path_factory.mktemp('whole')
    return train(digits, folder), folder


def test_training_with_a_tree(whole):
    (runner, views), _ = whole
    assert len(views) == 6 and views[0].shape == (2, 32, 3, 32, 32)
    assert runner.model.tree is not None
    assert runner.model.data_preprocessor.num_batches == 6
    differ = [not torch.equal(one, views[0]) for one in views[1:]]
    assert all(differ)


def test_a_resumed_run_goes_on_with_its_views(whole, digits, tmp_path):
    (_, expected), folder = whole
    _, views = train(
        digits,
        tmp_path,
        resume=True,
        load_from=str(folder / 'epoch_1.pth'),
    )
    assert len(views) == 3
    for one, other in zip(views, expected[3:], strict=True):
        assert torch.equal(one, other)


def test_number_of_workers_does_not_matter(whole, digits, tmp_path):
    (_, expected), _ = whole
    _, views = train(
        digits, tmp_path, epochs=1, **{'train_dataloader.num_workers': 2}
    )
    for one, other in zip(views, expected[:3], strict=True):
        assert torch.equal(one, other)


def test_model_that_makes_no_views(digits, tmp_path):
    cfg = moco_on_digits(digits, tmp_path, views='cpu', hirl=False)
    cfg.default_hooks.device_views = dict(type='hirl_mm.DeviceViewsHook')
    with pytest.raises(ValueError, match=r"SelfSup.*: set views='device' in"):
        Runner.from_cfg(cfg).train()


def test_program_that_does_not_place_the_views(digits, tmp_path):
    cfg = moco_on_digits(digits, tmp_path, hirl=False)
    with pytest.raises(StartError, match=r"views='device', but workers make"):
        Runner.from_cfg(cfg).train()
