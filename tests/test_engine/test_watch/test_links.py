"""Ranks of one process that tell each other what they do, turn by turn."""

import multiprocessing
import socket
from multiprocessing.connection import Connection

import pytest

from hirl_mm.engine.watch.hub import Hub
from hirl_mm.engine.watch.links import linked, open_meeting
from hirl_mm.engine.watch.notes import (
    DIED,
    FAILED,
    HANGS,
    LEFT,
    SILENT,
    Note,
)
from hirl_mm.engine.watch.spoke import Spoke

TIMEOUT = 100


def note(rank, position=0, idle=0.0, end=None):
    return Note(rank, 'here', rank, 'a step', (position, 0), idle, end=end)


class Job:
    """A number of ranks, all of which have connected.

    Attributes:
        notes: What each of them tells in its next turn.
    """

    def __init__(self, num):
        server, self.meeting = open_meeting(note(0))
        self.meeting = self.meeting._replace(host='localhost')
        self.hub = Hub(server, self.meeting.token, num, TIMEOUT)
        self.notes = [note(rank) for rank in range(num)]
        self.spokes = {
            rank: Spoke(self.meeting, TIMEOUT) for rank in range(1, num)
        }
        assert self.turns(0) == {}
        assert self.hub.missing() == []

    def turns(self, now, num=3):
        """Some turns of all; return the verdicts by rank."""
        verdicts = {}
        for _ in range(num):
            for rank, spoke in self.spokes.items():
                if rank not in verdicts:
                    found = spoke.turn(self.notes[rank], now)
                    verdicts |= {rank: found} if found else {}
            if 0 not in verdicts and self.hub is not None:
                found = self.hub.turn(self.notes[0], now)
                verdicts |= {0: found} if found else {}
        return verdicts

    def dies(self, rank):
        self.spokes.pop(rank)._link.close()


def shown(verdicts):
    """By rank: kind of the verdict, and ranks in it."""
    return {
        rank: (verdict.kind, [n.rank for n in verdict.notes])
        for rank, verdict in sorted(verdicts.items())
    }


def test_all_is_well():
    job = Job(4)
    for now in range(0, 10 * TIMEOUT, TIMEOUT // 2):
        job.notes = [n._replace(position=(now, 0)) for n in job.notes]
        assert job.turns(now) == {}


def test_a_rank_dies():
    job = Job(4)
    job.notes[2] = note(2, 7)
    job.turns(1)
    job.dies(2)
    found = job.turns(2)
    assert shown(found) == dict.fromkeys([0, 1, 3], (DIED, [2]))
    assert found[3].notes == (note(2, 7),)


def test_rank_0_dies():
    job = Job(3)
    job.notes[0] = note(0, 7)
    job.turns(1)
    for link in job.hub._links:
        link.close()
    job.hub = None
    found = job.turns(2)
    assert shown(found) == dict.fromkeys([1, 2], (DIED, [0]))
    assert found[1].notes == (note(0, 7),)


@pytest.mark.parametrize('culprit', [0, 2])
def test_a_rank_hangs(culprit):
    job = Job(3)
    job.notes = [note(rank, 9, 99.0) for rank in range(3)]
    job.notes[culprit] = note(culprit, 5, 99.0)
    assert job.turns(99) == {}
    job.notes = [n._replace(idle=101.0) for n in job.notes]
    assert shown(job.turns(101)) == dict.fromkeys(range(3), (HANGS, [culprit]))


def test_a_rank_that_is_stopped_is_silent():
    job = Job(3)
    stopped = job.spokes.pop(2)
    job.notes[2] = note(2, 5)
    for now in range(0, 101, 10):
        job.notes[:2] = note(0, 9, float(now)), note(1, 9, float(now))
        assert job.turns(now) == {}
    job.notes[:2] = note(0, 9, 101.0), note(1, 9, 101.0)
    found = job.turns(101)
    assert shown(found) == dict.fromkeys([0, 1], (SILENT, [2]))
    assert found[1].notes[0].idle == 101
    # It hears of it if it goes on.
    assert stopped.turn(note(2), 1).kind == SILENT


def test_rank_0_is_silent():
    job = Job(3)
    job.notes[0] = note(0, 7)
    assert job.turns(5) == {}
    stopped, job.hub = job.hub, None
    # Its last answers.
    assert job.turns(6) == {}
    assert job.turns(106) == {}
    found = job.turns(107)
    assert shown(found) == dict.fromkeys([1, 2], (SILENT, [0]))
    assert found[2].notes == (note(0, 7, 101.0),)
    del stopped


@pytest.mark.parametrize('culprit', [0, 1])
def test_a_rank_fails(culprit):
    job = Job(3)
    job.notes[culprit] = note(culprit, end='OSError: full')
    assert job.turns(1) == {}
    # What follows from it.
    job.notes[2] = note(2, end='RuntimeError: connection closed')
    assert job.turns(1.5) == {}
    found = job.turns(2.1)
    assert shown(found) == dict.fromkeys(range(3), (FAILED, [culprit]))
    assert found[2].notes[0].end == 'OSError: full'


@pytest.mark.parametrize('witness', [0, 1])
def test_a_death_is_the_cause_of_errors(witness):
    job = Job(3)
    job.notes[witness] = note(witness, end='RuntimeError: connection closed')
    assert job.turns(1) == {}
    job.dies(2)
    found = job.turns(1.5)
    assert shown(found) == dict.fromkeys([0, 1], (DIED, [2]))


def test_a_process_that_ends_by_its_error_has_failed():
    job = Job(3)
    job.notes[2] = note(2, end='OSError: full')
    assert job.turns(1) == {}
    job.dies(2)
    assert job.turns(1.5) == {}
    assert shown(job.turns(2.1)) == dict.fromkeys([0, 1], (FAILED, [2]))


def test_a_rank_may_leave():
    job = Job(3)
    job.notes[2] = note(2, end=LEFT)
    # Rank 0 has to know it first.
    assert job.spokes[2].turn(job.notes[2], 1) is None
    assert job.spokes[2].turn(job.notes[2], 1) is None
    assert shown(job.turns(1)) == {2: (LEFT, [2])}
    job.dies(2)
    job.notes[:2] = note(0, 9), note(1, 9)
    assert job.turns(300) == {}
    job.notes[1] = note(1, 8, 101.0)
    assert shown(job.turns(301)) == dict.fromkeys([0, 1], (HANGS, [1]))


def test_rank_0_may_leave():
    job = Job(3)
    job.notes[0] = note(0, end=LEFT)
    assert shown(job.turns(1)) == dict.fromkeys(range(3), (LEFT, [0]))


def test_rank_0_does_not_leave_before_others_have_come():
    server, meeting = open_meeting(note(0))
    hub = Hub(server, meeting.token, 2, TIMEOUT)
    assert hub.turn(note(0, end=LEFT), 0) is None
    spoke = Spoke(meeting._replace(host='localhost'), TIMEOUT)
    spoke.turn(note(1), 0)
    assert hub.turn(note(0, end=LEFT), 0).kind == LEFT
    assert spoke.turn(note(1), 0).kind == LEFT


def test_nobody_hangs_as_long_as_a_rank_is_missing():
    server, meeting = open_meeting(note(0))
    hub = Hub(server, meeting.token, 2, TIMEOUT)
    assert hub.turn(note(0, idle=500.0), 500) is None
    assert hub.missing() == [1]


@pytest.mark.parametrize(
    'message',
    [
        b'["a guess", [1, "here", 1, "a step"]]',
        b'GET / HTTP/1.1',
        b'{}',
        b'\xff',
        None,
    ],
)
def test_another_program_is_no_rank(message):
    server, meeting = open_meeting(note(0))
    hub = Hub(server, meeting.token, 2, TIMEOUT)
    stranger = socket.create_connection(('localhost', meeting.port))
    if message is None:
        stranger.sendall(b'GET / HTTP/1.1')
    else:
        stranger = Connection(stranger.detach())
        stranger.send_bytes(message)
    assert hub.turn(note(0), 0) is None
    assert hub.turn(note(0), 1) is None
    assert hub.missing() == [1]
    assert not hub._links


def test_notes_do_not_pile_up_at_a_process_that_is_stopped():
    job = Job(2)
    stopped, job.hub = job.hub, None
    for now in range(99):
        job.turns(now)
    stopped.turn(note(0), 99)
    (link,) = stopped._links
    assert not link.poll()


def test_processes_that_are_forked_keep_no_link_open():
    here, there = socket.socketpair()
    here, there = linked(here), linked(there)
    context = multiprocessing.get_context('fork')
    going = context.Event()
    child = context.Process(target=going.wait)
    child.start()
    here.close()
    try:
        assert there.poll(60)
        with pytest.raises(EOFError):
            there.recv_bytes()
    finally:
        going.set()
        child.join()
