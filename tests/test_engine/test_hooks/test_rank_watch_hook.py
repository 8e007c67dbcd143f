"""Trainings of two ranks, one of which hangs."""

import re
import time

import pytest
import torch.distributed as dist
from mmengine.hooks import Hook
from mmengine.registry import DATASETS
from mmengine.runner import Runner

from hirl_mm.engine.hooks import RankWatchHook
from hirl_mm.engine.runtime.brief_runner import BriefRunner
from hirl_mm.engine.runtime.configured_watch import configured_watch
from hirl_mm.engine.watch.rank_watch import RankWatch
from tests.lone_ranks import run_ranks
from tests.processes import run_processes
from tests.tiny_runs import Numbers, tiny_config, tiny_run

TIMEOUT = 3


class Hang(Hook):
    """Rank 1 hangs in the third iteration, for which rank 0 waits."""

    def __init__(self, rank):
        self.rank = rank

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        dist.barrier()
        if runner.iter == 2 and self.rank == 1:
            time.sleep(10**6)


def hang(rank, work_dir, timeout):
    cfg = tiny_config(work_dir, 4, default_hooks__rank_watch__timeout=timeout)
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Hang(rank))
    runner.train()


@pytest.mark.slow
def test_a_training_that_hangs_ends(tmp_path):
    ended = run_ranks(hang, 2, tmp_path, str(tmp_path / 'run'), 10)
    for rank in ended:
        assert rank.status == 1, ended
        assert re.search(
            r'rank 1 \(process \d+ on .+\) hangs: no progress for \d+ s in '
            'hooks before batch 3 of epoch 1',
            rank.output,
        ), ended
    (log,) = (tmp_path / 'run').glob('*/*.log')
    assert 'hooks before batch 3 of epoch 1' in log.read_text()


@DATASETS.register_module()
class LateNumbers(Numbers):
    """Rank 1 hangs while they are listed, or lists for very long."""

    def __init__(self, num, hangs):
        super().__init__(num)
        until = time.monotonic() + 3 * TIMEOUT
        while dist.get_rank() == 1 and time.monotonic() < until:
            # A little work, as between two answers of a slow disk.
            sum(range(10**5))
            time.sleep(10**6 if hangs else 0.05)


def list_numbers(rank, work_dir, hangs):
    cfg = tiny_config(
        *(work_dir, 4),
        default_hooks__rank_watch__timeout=TIMEOUT,
        train_dataloader__dataset=dict(
            type='mmengine.LateNumbers', num=24, hangs=hangs
        ),
    )
    with configured_watch(cfg):
        runner = BriefRunner.from_cfg(cfg)
        runner.train()
    assert RankWatch.current is None


@pytest.mark.slow
@pytest.mark.parametrize('hangs', [True, False])
def test_a_rank_that_lists_its_images(hangs, tmp_path):
    ended = run_ranks(list_numbers, 2, tmp_path, str(tmp_path / 'run'), hangs)
    pattern = r'rank 1 .+ hangs: no progress for \d+ s in the start of the'
    for rank in ended:
        assert rank.status == (1 if hangs else 0), ended
        assert bool(re.search(pattern, rank.output)) is hangs, ended
    assert ('in __init__' in ended[1].output) is hangs


def train(rank, work_dir):
    cfg = tiny_config(work_dir, 4)
    runner, values = tiny_run(cfg)
    assert len(values) == runner.max_iters
    assert 'call_hook' not in vars(runner)


@pytest.mark.slow
def test_a_training_that_is_well_is_left_alone(tmp_path):
    run_processes(train, 2, str(tmp_path))


def test_nothing_is_done_with_one_process(tmp_path):
    runner, _ = tiny_run(tiny_config(tmp_path, 12))
    assert 'run' not in vars(runner.train_loop)


@pytest.mark.parametrize('timeout', [0, -1])
def test_a_timeout_is_above_0(timeout):
    with pytest.raises(ValueError, match='must be above 0 s, got'):
        RankWatchHook(timeout)
