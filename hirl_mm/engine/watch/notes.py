"""What ranks tell each other."""

import json
from collections.abc import Sequence
from typing import NamedTuple

# Ends of a training other than an error, and kinds of verdicts.
LEFT, ALIVE = 'left', 'alive'
HANGS, SILENT, DIED, FAILED = 'hangs', 'silent', 'died', 'failed'


class Note(NamedTuple):
    """What a rank is doing.

    Args:
        rank: The rank.
        host: Name of its machine.
        process: Number of its process there.
        stage: Name of what it does.
        position: See :class:`~.signs_of_life.SignsOfLife`.
        idle: Seconds since its last sign of life.
        waits: Whether it is in a call that waits for other ranks.
        end: None while it trains, :data:`LEFT` after it has ended in order,
            and otherwise the error that has ended it.
    """

    rank: int
    host: str
    process: int
    stage: str
    position: tuple[int, int] = (0, 0)
    idle: float = 0.0
    waits: bool = False
    end: str | None = None


class Verdict(NamedTuple):
    """What is wrong, and with which ranks.

    Args:
        kind: :data:`HANGS`, :data:`SILENT`, :data:`DIED` or :data:`FAILED`;
            :data:`ALIVE` or :data:`LEFT` of rank 0, with its note, if nothing
            is wrong.
        notes: The last notes of the ranks.
    """

    kind: str
    notes: tuple[Note, ...]


def encoded(verdict: Verdict) -> bytes:
    """Return a verdict as bytes, for :func:`decoded`."""
    return json.dumps(verdict).encode()


def decoded(message: bytes) -> Verdict:
    """Return what :func:`encoded` was given."""
    kind, notes = json.loads(message)
    return Verdict(kind, tuple(note_of(values) for values in notes))


def note_of(values: Sequence) -> Note:
    """Return a note from its fields, as JSON keeps them."""
    note = Note(*values)
    stages, parts = note.position
    return note._replace(position=(stages, parts))
