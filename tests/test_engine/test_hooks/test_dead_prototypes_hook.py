"""Prototypes without images, told and acted on in real trainings."""

import pytest
import torch
from mmengine.hooks import Hook

from hirl_mm.engine.checks.errors import StoppedError
from hirl_mm.engine.hooks import DeadPrototypesHook
from hirl_mm.engine.hooks.dead_prototypes_hook import dead_prototypes
from hirl_mm.models.modules import PrototypeUse
from tests.bad_batches import swav
from tests.runs import run


def test_images_count_at_the_prototype_they_are_assigned_to_most():
    use = PrototypeUse()
    rows = torch.tensor([[0.1, 0.9, 0.0, 0.0], [0.2, 0.7, 0.1, 0.0]])
    use.add(torch.stack([rows, rows.flip(1)]))
    assert use.counts.tolist() == [0, 2, 2, 0]
    use.add(torch.full((1, 1, 4), float('nan')))
    assert use.counts.tolist() == [0, 2, 2, 0]
    assert dead_prototypes(use) == (2, 4)
    use.restart()
    assert dead_prototypes(use) == (4, 4)


def config(digits, work_dir, epochs=2, **hook):
    cfg = swav(digits, work_dir, epochs)
    cfg.default_hooks.dead_prototypes.update(hook)
    return cfg


class Assignments(Hook):
    """Prototypes that were assigned in every epoch, seen from outside."""

    def before_train(self, runner):
        self.dead = {}
        head = runner.model.head.loss_module
        assign = head._assign

        def seen(*args):
            assignments = assign(*args)
            self.most.append(assignments.argmax(-1).flatten())
            return assignments

        head._assign = seen

    def before_train_epoch(self, runner):
        self.most = []

    def after_train_epoch(self, runner):
        used = torch.cat(self.most).unique()
        self.dead[runner.epoch + 1] = 120 - len(used)


def test_number_and_share_are_told_every_epoch(digits, tmp_path):
    seen = Assignments()
    cfg = config(digits, tmp_path)
    cfg.log_level = 'INFO'
    runner = run(cfg, seen)
    (log,) = tmp_path.glob('*/*.log')
    told = [
        line.partition('prototypes without an image in ')[2]
        for line in log.read_text().splitlines()
        if 'prototypes without' in line
    ]
    assert told == [
        f'epoch {epoch}: head.loss_module {dead} of 120 ({dead / 120:.1%})'
        for epoch, dead in seen.dead.items()
    ]
    assert runner.epoch == 2 and min(seen.dead.values()) > 0


def test_too_many_stop_a_training_that_is_resumed(digits, tmp_path):
    """One epoch before the resume and one after it."""
    options = dict(max_share=0.01, patience=2)
    run(config(digits, tmp_path, epochs=1, **options))
    cfg = config(digits, tmp_path, epochs=4, **options)
    cfg.resume = True
    with pytest.raises(StoppedError) as stopped:
        run(cfg)
    text = str(stopped.value)
    assert text.startswith('prototypes without an image in epoch 2: head.')
    assert text.endswith(
        'The maximum is 1.0% (default_hooks.dead_prototypes.max_share), '
        'epochs in a row with more: 2. Training stops here. Use fewer '
        'prototypes, a larger epsilon or a lower optim_wrapper.optimizer.lr'
    )


@pytest.mark.parametrize('options', [dict(max_share=1.1), dict(patience=0)])
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match='max_share must lie in'):
        DeadPrototypesHook(**options)
