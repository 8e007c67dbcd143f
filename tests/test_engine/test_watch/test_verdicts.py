"""Which rank holds up the others, and what is said about it."""

from math import inf

import pytest

from hirl_mm.engine.watch.notes import (
    DIED,
    FAILED,
    HANGS,
    SILENT,
    Note,
    Verdict,
    decoded,
    encoded,
)
from hirl_mm.engine.watch.verdicts import hanging, sentence


def note(rank, position, idle, waits=False, end=None):
    return Note(
        rank, 'node3', 47, 'a step', (position, 0), float(idle), waits, end
    )


@pytest.mark.parametrize(
    ('notes', 'blamed'),
    [
        # Nobody is idle for too long.
        ([(5, 100), (5, 0), (9, 100)], []),
        # Rank 1 is behind; the others wait for it.
        ([(9, 101), (5, 101), (9, 101)], [1]),
        # They do not yet wait for too long.
        ([(9, 100), (5, 101), (9, 3)], [1]),
        # All wait for rank 2, which is behind them and goes on.
        ([(9, 500), (9, 500), (4, 1)], []),
        # It may be a rank at the same position that others wait for.
        ([(9, 500), (9, 1)], []),
        # Rank 0 is held up by rank 2, rank 1 by itself.
        ([(9, 500), (3, 500), (4, 1)], [1]),
        # All stand at the same position.
        ([(9, 500), (9, 500)], [0, 1]),
        # Of those, rank 1 is in no call that waits.
        ([(9, 500, True), (9, 500, False), (9, 500, True)], [1]),
        # Waiting is no excuse for a rank that is alone at its position.
        ([(9, 500, False), (5, 500, True)], [1]),
    ],
)
def test_who_is_to_blame(notes, blamed):
    notes = [note(rank, *values) for rank, values in enumerate(notes)]
    assert [n.rank for n in hanging(notes, 100)] == blamed
    assert hanging(notes, inf) == []


def test_a_part_of_a_stage_counts():
    first = note(0, 5, 500)._replace(position=(5, 2))
    second = note(1, 5, 500)._replace(position=(5, 1))
    assert hanging([first, second], 100) == [second]


@pytest.mark.parametrize(
    ('kind', 'end', 'begin'),
    [
        (HANGS, None, ' hangs: no progress for 540 s in a step. Where it '),
        (
            SILENT,
            None,
            ' gives no sign of life for 540 s, last seen in a step. The ',
        ),
        (DIED, None, ' has died, last seen in a step. Its output'),
        (FAILED, 'OSError: full', ' has failed in a step: OSError: full. All'),
    ],
)
def test_what_is_said(kind, end, begin):
    text = sentence(Verdict(kind, (note(3, 5, 540.2, end=end),)))
    assert text.startswith('rank 3 (process 47 on node3)' + begin)
    assert text.endswith('--resume goes on from the last checkpoint')
    assert '\n' not in text


def test_many_ranks_are_not_listed():
    notes = tuple(note(rank, 5, 500) for rank in range(100))
    text = sentence(Verdict(HANGS, notes))
    assert text.count('(process') == 8
    assert '; 92 more ranks likewise. ' in text


def test_a_verdict_travels():
    verdict = Verdict(FAILED, (note(3, 5, 1.5, True, 'an error'),))
    assert decoded(encoded(verdict)) == verdict
