"""The debug configs as they are: both stages, learning, resuming."""

import copy
import uuid

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from tests.runs import ROOT, run

CONFIGS = sorted((ROOT / 'configs/debug').glob('*.py'))


class Losses(Hook):
    """Keeps the method's own loss of every step, and the first tokenizer.

    Without the entropy of the targets of a teacher, which moves: that is no
    merit of the student, and the loss cannot be lower.
    """

    def __init__(self):
        self.seen = []

    def before_train(self, runner):
        self.tokenizer = tokenizer_of(runner.model)

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        loss = outputs['loss']
        for part in ('loss_spd', 'teacher_entropy', 'patch_entropy'):
            loss = loss - outputs.get(part, 0)
        self.seen.append(loss.item())


def tokenizer_of(model):
    """The weights of BEiT's frozen tokenizer; of other methods empty."""
    module = model.target_generator
    return {} if module is None else copy.deepcopy(module.state_dict())


def load(path, digits, work_dir):
    cfg = Config.fromfile(path)
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = uuid.uuid4().hex
    cfg.log_level = 'WARNING'
    cfg.train_dataloader.dataset.data_root = str(digits)
    for hook in cfg.custom_hooks:
        if hook['type'] == 'hirl_mm.KNNProbeHook':
            hook.bank.data_root = hook.queries.data_root = str(digits)
    return cfg


def assert_same_weights(found, expected):
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in found)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_trains_learns_and_resumes(path, digits, tmp_path):
    losses = Losses()
    runner = run(load(path, digits, tmp_path), losses)
    steps = len(runner.train_dataloader)
    first, last = losses.seen[:steps], losses.seen[-steps:]
    assert sum(last) < sum(first)
    tokenizer = tokenizer_of(runner.model)
    assert bool(tokenizer) == ('beit' in path.stem)
    assert_same_weights(tokenizer, losses.tokenizer)
    tree = getattr(runner.model, 'tree', None)
    assert (tree is not None) == path.stem.startswith('hirl-')

    cfg = load(path, digits, tmp_path)
    cfg.resume, cfg.train_cfg.max_epochs = True, 5
    cfg.randomness.seed = 1
    again = Losses()
    resumed = run(cfg, again)
    assert len(again.seen) == steps
    assert resumed.epoch == 5
    assert_same_weights(again.tokenizer, tokenizer)
    assert_same_weights(tokenizer_of(resumed.model), tokenizer)
    state = torch.load(tmp_path / 'epoch_5.pth', weights_only=False)
    assert ('prototype_tree' in state) == (tree is not None)
