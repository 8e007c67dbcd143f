"""Ranks that die, fail, hang or stop, and the ends of the others."""

import logging
import os
import re
import signal
import sys
import threading
import time

import pytest
import torch.distributed as dist

from hirl_mm.engine.watch import ending, rank_watch
from hirl_mm.engine.watch.awake_clock import AwakeClock
from hirl_mm.engine.watch.rank_watch import RankWatch
from hirl_mm.engine.watch.signs_of_life import SIGNS
from tests.lone_ranks import run_ranks
from tests.processes import run_processes

LOGGER = logging.getLogger('ranks')
# Seconds. Nothing that ranks do here takes any, but for sleep.
SOON, NEVER = 3, 10**5
SLEEP = 10**6


def watched(rank, culprit, fate, timeout):
    """Train until the culprit meets its fate, for which the others wait."""
    logging.basicConfig(format='%(message)s')
    with RankWatch(timeout) as watch:
        watch.start(LOGGER)
        SIGNS.reach('the start')
        dist.barrier()
        SIGNS.reach('the step')
        if rank == culprit:
            fate()
        dist.barrier()


def dies():
    os.kill(os.getpid(), signal.SIGKILL)


def stops():
    os.kill(os.getpid(), signal.SIGSTOP)


def fails():
    raise OSError('the disk\nis full')


def hangs():
    time.sleep(SLEEP)


def hangs_while_it_logs():
    ending._LOG_WITHIN = 1
    for handler in logging.getLogger().handlers:
        handler.acquire()
    hangs()


def others_say(ended, culprit, pattern):
    """The others have ended with a line about the culprit; returns it."""
    rank = ended[culprit]
    for other in ended:
        if other is not rank:
            assert other.status == 1, ended
            assert re.search(
                rf'^rank {culprit} \(process \d+ on .+\) {pattern}',
                other.output,
                re.MULTILINE,
            ), ended
    return rank


@pytest.mark.slow
@pytest.mark.parametrize(('culprit', 'num'), [(0, 2), (1, 3)])
def test_a_rank_dies(culprit, num, tmp_path):
    ended = run_ranks(watched, num, tmp_path, culprit, dies, NEVER)
    rank = others_say(ended, culprit, 'has died, last seen in the st')
    assert rank.status == -signal.SIGKILL
    # What follows from it is no news.
    assert not any('Traceback' in other.output for other in ended)


def dies_after_the_start(rank):
    """Rank 1 is slow to connect, and dies as soon as it is watched."""
    logging.basicConfig(format='%(message)s')

    class SlowSpoke(rank_watch.Spoke):
        def __init__(self, *args):
            time.sleep(rank)
            super().__init__(*args)

    rank_watch.Spoke = SlowSpoke
    with RankWatch(NEVER) as watch:
        watch.start(LOGGER)
        if rank == 1:
            dies()
        dist.barrier()


@pytest.mark.slow
def test_a_rank_dies_right_after_the_start(tmp_path):
    ended = run_ranks(dies_after_the_start, 2, tmp_path)
    others_say(ended, 1, 'has died, last seen in the start')


@pytest.mark.slow
@pytest.mark.parametrize(('culprit', 'num'), [(0, 2), (1, 3)])
def test_a_rank_hangs(culprit, num, tmp_path):
    ended = run_ranks(watched, num, tmp_path, culprit, hangs, SOON)
    pattern = r'hangs: no progress for \d+ s in the step\. '
    rank = others_say(ended, culprit, pattern)
    assert rank.status == 1
    assert re.search(pattern, rank.output)
    assert 'time.sleep(SLEEP)' in rank.output
    assert not any('SLEEP' in o.output for o in ended if o is not rank)


@pytest.mark.slow
def test_a_rank_hangs_while_it_logs(tmp_path):
    ended = run_ranks(watched, 2, tmp_path, 1, hangs_while_it_logs, SOON)
    assert others_say(ended, 1, 'hangs: ').status == 1


@pytest.mark.slow
@pytest.mark.parametrize(('culprit', 'num'), [(0, 2), (1, 3)])
def test_a_rank_is_stopped(culprit, num, tmp_path):
    ended = run_ranks(
        watched, num, tmp_path, culprit, stops, SOON, stopped=[culprit]
    )
    pattern = r'gives no sign of life for \d+ s, last seen in the st'
    others_say(ended, culprit, pattern)


@pytest.mark.slow
@pytest.mark.parametrize(('culprit', 'num'), [(0, 2), (1, 3)])
def test_a_rank_fails(culprit, num, tmp_path):
    ended = run_ranks(watched, num, tmp_path, culprit, fails, NEVER)
    rank = others_say(
        ended, culprit, 'has failed in the step: OSError: the disk is full'
    )
    assert rank.output.endswith('OSError: the disk\nis full\n')
    assert 'has failed' not in rank.output


def waits_after_an_error(rank):
    """Rank 1 leaves with an error, and its process does not end."""
    logging.basicConfig(format='%(message)s')
    try:
        with RankWatch(SOON) as watch:
            watch.start(LOGGER)
            dist.barrier()
            if rank == 1:
                fails()
            # As in a collective of NCCL: rank 1 will never come.
            hangs()
    except OSError:
        hangs()


@pytest.mark.slow
def test_a_rank_that_has_failed_is_not_waited_for(tmp_path):
    ended = run_ranks(waits_after_an_error, 2, tmp_path, stopped=[1])
    assert ended[0].status == 1
    assert 'OSError: the disk is full' in ended[0].output


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def goes_on(seconds):
    """Give signs of life for some time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(SOON / 100)
        SIGNS.tick()


def left_alone(rank):
    lines = Lines()
    LOGGER.addHandler(lines)
    # One rank goes on longer than the others may be idle.
    with RankWatch(SOON) as watch:
        watch.start(LOGGER)
        SIGNS.reach('the pass')
        if rank == 1:
            goes_on(2 * SOON)
        SIGNS.reach('after the pass')
        dist.barrier()
    # All come to the same error.
    collapsed = pytest.raises(ValueError, match='collapsed')
    with collapsed, RankWatch(NEVER) as watch:
        watch.start(LOGGER)
        raise ValueError('collapsed')
    # They stop at a signal, one of them much earlier than the other.
    with pytest.raises(SystemExit), RankWatch(SOON) as watch:
        watch.start(LOGGER)
        if rank == 0:
            goes_on(2 * SOON)
        sys.exit(75)
    # Nobody watches here.
    time.sleep(2 * SOON)
    with RankWatch(SOON) as watch:
        watch.start(LOGGER)
        dist.barrier()
    assert lines.lines == []


@pytest.mark.slow
def test_others_are_left_alone():
    run_processes(left_alone, 2)


def out_of_reach(rank):
    """No TCP goes to this address."""
    os.environ['MASTER_ADDR'] = '255.255.255.255'
    rank_watch._CAUSE_WITHIN = 1
    lines = Lines()
    LOGGER.addHandler(lines)
    with RankWatch(1) as watch:
        watch.start(LOGGER)
        while not lines.lines:
            time.sleep(0.05)
        dist.barrier()
    (line,) = lines.lines
    said = [
        r'ranks \[1\] have not connected to rank 0 at 255.+: no rank that',
        'rank 1 is not watched, because it cannot reach rank 0 at 255',
    ]
    assert re.match(said[rank], line)
    for thread in threading.enumerate():
        if thread.name == 'watch ranks':
            thread.join()


@pytest.mark.slow
def test_a_rank_that_cannot_be_watched_trains():
    run_processes(out_of_reach, 2)


def test_interruptions_do_not_count(monkeypatch):
    now = [100.0]
    monkeypatch.setattr('time.monotonic', lambda: now[0])
    clock = AwakeClock(4)
    seconds = []
    for passed in (0, 1, 4, 300, 2):
        now[0] += passed
        seconds.append(clock.read())
    assert seconds == [0, 1, 5, 9, 11]
