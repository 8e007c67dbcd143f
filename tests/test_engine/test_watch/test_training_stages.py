"""What a training is said to be doing."""

import pytest
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from hirl_mm.engine.runtime.progress import logged_progress, logged_share
from hirl_mm.engine.watch.signs_of_life import SIGNS
from hirl_mm.engine.watch.training_stages import stages_noted
from tests.tiny_runs import OneWeight, tiny_config


class Look(Hook):
    """Notes the stage at some points of a run."""

    def __init__(self):
        self.seen = []

    def look(self, *_, **__):
        self.seen.append(SIGNS.stage)

    before_train = after_train = look
    before_train_epoch = after_train_epoch = look
    before_train_iter = after_train_iter = look
    before_save_checkpoint = look


@pytest.fixture
def look(monkeypatch):
    """It also looks where images are read and in the model."""
    hook = Look()
    forward = OneWeight.forward

    def seen(self, *args, **kwargs):
        hook.look()
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(OneWeight, 'forward', seen)
    return hook


def train(cfg, look):
    runner = Runner.from_cfg(cfg)
    runner.register_hook(look, 'LOWEST')
    fetch = runner.train_dataloader.collate_fn

    def collate(batch):
        look.look()
        return fetch(batch)

    runner.train_dataloader.collate_fn = collate
    SIGNS.restart()
    with stages_noted(runner):
        runner.train()
    assert 'call_hook' not in vars(runner)


def test_stages_of_epochs(look, tmp_path):
    cfg = tiny_config(
        tmp_path, 12, train_cfg__max_epochs=2, param_scheduler=[]
    )
    train(cfg, look)
    assert look.seen == [
        'hooks before the training',
        'hooks before epoch 1',
        'waiting for the first batch of epoch 1',
        'hooks before batch 1 of epoch 1',
        'the step of batch 1 of epoch 1',
        'hooks after batch 1 of epoch 1',
        'waiting for batch 2 of epoch 1',
        'hooks before batch 2 of epoch 1',
        'the step of batch 2 of epoch 1',
        'hooks after batch 2 of epoch 1',
        'hooks after epoch 1: saving a checkpoint',
        'hooks after epoch 1: saving a checkpoint',
        'hooks before epoch 2',
        'waiting for the first batch of epoch 2',
        'hooks before batch 1 of epoch 2',
        'the step of batch 1 of epoch 2',
        'hooks after batch 1 of epoch 2',
        'waiting for batch 2 of epoch 2',
        'hooks before batch 2 of epoch 2',
        'the step of batch 2 of epoch 2',
        'hooks after batch 2 of epoch 2',
        'hooks after epoch 2: saving a checkpoint',
        'hooks after epoch 2: saving a checkpoint',
        'hooks after the training',
    ]


def test_progress_is_a_sign_of_life():
    MMLogger.get_current_instance()
    SIGNS.restart()
    SIGNS.reach('hooks before epoch 1')
    counts = []
    for _ in logged_progress(range(3), 'a pass'):
        counts.append(SIGNS.count)
    assert SIGNS.stage == 'hooks before epoch 1: a pass'
    assert SIGNS.position == (1, 1)
    log = logged_share('k-means')
    assert SIGNS.stage == 'hooks before epoch 1: k-means'
    assert SIGNS.position == (1, 2)
    for share in (0.1, 0.5):
        log(share)
        counts.append(SIGNS.count)
    assert counts == sorted(set(counts))
    SIGNS.reach('waiting')
    assert SIGNS.stage == 'waiting'
    assert SIGNS.position == (2, 0)
