"""Runs that stop between two updates of accumulated gradients."""

import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from torch import nn

from hirl_mm.engine.runtime.accumulated_gradients import (
    gather_gradients,
    is_accumulating,
    restore_gradients,
)
from tests.processes import run_processes
from tests.runs import run, small_config

KEY = 'accumulated_gradients'


def config(digits, work_dir, epochs=2, **options):
    """Three iterations per epoch, and an update after every two."""
    cfg = small_config(digits, work_dir, hirl=False, epochs=epochs)
    cfg.param_scheduler = []
    cfg.optim_wrapper.accumulative_counts = 2
    cfg.merge_from_dict(options)
    return cfg


def state_of(work_dir, epoch):
    return torch.load(work_dir / f'epoch_{epoch}.pth', weights_only=True)


def test_a_resumed_run_uses_what_was_accumulated(digits, tmp_path):
    run(config(digits, tmp_path / 'whole'))
    run(config(digits, tmp_path / 'first', epochs=1))
    # The last iteration of a run is an update, so this one must not be it.
    stopped = tmp_path / 'whole/epoch_1.pth'
    between, end = (state_of(tmp_path / 'whole', epoch) for epoch in (1, 2))
    assert between[KEY]['iter'] == 3
    assert KEY not in end
    assert KEY not in state_of(tmp_path / 'first', 1)

    run(config(digits, tmp_path / 'on', load_from=str(stopped), resume=True))
    resumed = state_of(tmp_path / 'on', 2)['state_dict']
    for name, expected in end['state_dict'].items():
        assert torch.equal(resumed[name], expected), name


@pytest.mark.parametrize(
    ('options', 'is_used'),
    [({}, True), ({'train_dataloader.batch_size': 16}, False)],
)
def test_only_at_the_same_iteration(options, is_used, digits, tmp_path):
    run(config(digits, tmp_path / 'whole'))
    stopped = tmp_path / 'whole/epoch_1.pth'
    cfg = config(
        *(digits, tmp_path / 'on'),
        **{'load_from': str(stopped), 'resume': True, **options},
    )
    log = tmp_path / 'on'
    cfg.log_level = 'INFO'
    run(cfg)
    (file,) = log.glob('*/*.log')
    told = 'accumulated before iteration 4' in file.read_text()
    assert told is is_used


def test_nothing_is_stored_without_accumulation(digits, tmp_path):
    run(
        config(digits, tmp_path, 1, **{'optim_wrapper.accumulative_counts': 1})
    )
    assert KEY not in state_of(tmp_path, 1)


class Net(nn.Module):
    """Two layers, of which the second is used by some ranks only."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, rows, with_second):
        rows = self.first(rows)
        return (self.second(rows) if with_second else rows).square().sum()


class Steps:
    """A training of a net in accumulated steps on its rank's rows."""

    def __init__(self, rank, num_done):
        self.rank = rank
        self.net = Net()
        self.model = MMDistributedDataParallel(
            self.net, find_unused_parameters=True
        )
        optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.wrapper = OptimWrapper(optimizer, accumulative_counts=2)
        self.wrapper.initialize_count_status(self.net, num_done, 4)

    def step(self, number):
        torch.manual_seed(10 * number + self.rank)
        with self.wrapper.optim_context(self.model):
            loss = self.model(torch.randn(4, 3), self.rank == 0)
        self.wrapper.update_params(loss)


def compare(rank):
    whole = Steps(rank, 0)
    whole.step(0)
    assert is_accumulating(whole.wrapper)
    gradients = gather_gradients(whole.net)
    assert set(gradients) == {
        *('first.weight', 'first.bias', 'second.weight', 'second.bias')
    }
    whole.step(1)
    assert not is_accumulating(whole.wrapper)
    begun, lost = Steps(rank, 1), Steps(rank, 1)
    restore_gradients(begun.net, gradients)
    for steps in begun, lost:
        steps.step(1)
    expected, found, without = (
        torch.cat([p.flatten() for p in steps.net.parameters()])
        for steps in (whole, begun, lost)
    )
    torch.testing.assert_close(found, expected)
    assert (without - expected).abs().max() > 1e-3


def test_mean_of_two_ranks_leads_to_the_same_update():
    run_processes(compare, 2)
