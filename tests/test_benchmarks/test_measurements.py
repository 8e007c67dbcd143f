"""Clocks, memory and options, which all benchmarks stand on."""

import argparse

import pytest
import torch

from benchmarks.common.memory import peak_bytes
from benchmarks.common.options import (
    add_rounds,
    check_device,
    new_parser,
    parse,
)
from benchmarks.common.stopwatch import Stopwatch
from benchmarks.common.timing import interleaved_seconds, quartiles, ratio


class Clock:
    now = 0

    def __call__(self):
        return self.now

    def pass_by(self, seconds):
        self.now += seconds


def test_tasks_take_turns_there_and_back():
    calls = []
    tasks = {name: lambda name=name: calls.append(name) for name in 'ab'}
    seconds = interleaved_seconds(
        tasks, rounds=2, repeats=1, warmup=1, device='cpu'
    )
    assert ''.join(calls) == 'ab' + 'abba' + 'baab'
    assert [len(values) for values in seconds.values()] == [2, 2]


def test_seconds_are_those_of_a_call():
    clock = Clock()
    tasks = dict(short=lambda: clock.pass_by(1), long=lambda: clock.pass_by(5))
    seconds = interleaved_seconds(
        tasks, rounds=1, repeats=3, warmup=0, device='cpu', clock=clock
    )
    assert seconds == dict(short=[1.0], long=[5.0])


def test_ratio_compares_within_a_round():
    found = ratio([1.0, 20.0, 3.0], [1.0, 10.0, 1.0])
    assert found['median'] == 2
    assert (found['q1'], found['q3']) == (1.5, 2.5)
    assert found['of_minima'] == 1
    assert quartiles([5.0]) == dict(median=5.0, q1=5.0, q3=5.0)


def test_inner_parts_do_not_count_for_outer_ones():
    clock = Clock()
    watch = Stopwatch('cpu', clock, ('inner', 'outer', 'idle'))
    inner = watch.timed('inner', lambda: clock.pass_by(5))

    def outer():
        clock.pass_by(1)
        inner()
        clock.pass_by(2)

    watch.timed('outer', outer)()
    assert watch.seconds == dict(inner=5, outer=3, idle=0)


def test_peak_is_above_what_was_there():
    kept = torch.ones(1000)

    def step():
        first = kept * 2
        del first
        second, third = kept + 1, kept + 2
        return second, third

    assert peak_bytes(step, 'cpu') == pytest.approx(8000, rel=0.05)


def test_quick_changes_defaults_alone(capsys):
    parser = new_parser('')
    add_rounds(parser)
    parser.add_argument('--num', type=int, default=1000)
    quick = dict(num=1, rounds=1)
    args = parse(parser, quick, ['--quick', '--num', '7'])
    assert (args.num, args.rounds) == (7, 1)
    with pytest.raises(SystemExit, match='2'):
        parse(parser, quick, ['--rounds', '0'])
    assert '--rounds must be at least 1' in capsys.readouterr().err
    assert parse(new_parser(''), dict(num=1), []).quick is False


def test_devices_of_a_benchmark_without_clocks(monkeypatch):
    """CPU time is refused on a GPU where there is a choice of clocks."""
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    parser = argparse.ArgumentParser()
    args = dict(device='cuda', threads=1)
    check_device(parser, argparse.Namespace(**args))
    check_device(parser, argparse.Namespace(**args, clock='wall'))
    with pytest.raises(SystemExit):
        check_device(parser, argparse.Namespace(**args, clock='process'))
