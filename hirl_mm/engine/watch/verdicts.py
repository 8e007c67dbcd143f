"""Which rank holds up the others, and the sentence that says so."""

from collections.abc import Sequence

from .notes import DIED, FAILED, HANGS, SILENT, Note, Verdict

# Ranks that a sentence names.
_MOST_NAMED = 8


def hanging(notes: Sequence[Note], timeout: float) -> list[Note]:
    """Return the ranks that hold up the others; none if all is well.

    A rank that waits for others gives no sign of life either. It is left
    alone as long as a rank that is not further than itself does. Of those
    that are idle for too long, the ones that are furthest behind are to
    blame; among these, the ones that do not wait for others, if there are
    such.

    Args:
        notes: One note of every rank that trains.
        timeout: Seconds without a sign of life from which a rank is idle for
            too long.
    """
    idle = [note for note in notes if note.idle > timeout]
    busy = [note.position for note in notes if note.idle <= timeout]
    held_up = [note for note in idle if not busy or note.position < min(busy)]
    if not held_up:
        return []
    last = min(note.position for note in held_up)
    behind = [note for note in held_up if note.position == last]
    return [note for note in behind if not note.waits] or behind


def sentence(verdict: Verdict) -> str:
    """Return what is wrong, and what to do, in a line.

    Args:
        verdict: A verdict of a kind other than :data:`ALIVE` and
            :data:`LEFT`.
    """
    shown = [
        _described(verdict.kind, note) for note in verdict.notes[:_MOST_NAMED]
    ]
    more = len(verdict.notes) - len(shown)
    if more:
        shown.append(f'{more} more ranks likewise')
    return f'{"; ".join(shown)}. {_WAYS[verdict.kind]}'


def _described(kind: str, note: Note) -> str:
    who = f'rank {note.rank} (process {note.process} on {note.host})'
    if kind == DIED:
        return f'{who} has died, last seen in {note.stage}'
    if kind == FAILED:
        return f'{who} has failed in {note.stage}: {note.end}'
    if kind == SILENT:
        return (
            f'{who} gives no sign of life for {note.idle:.0f} s, last seen in '
            f'{note.stage}'
        )
    return f'{who} hangs: no progress for {note.idle:.0f} s in {note.stage}'


_AGAIN = 'All ranks end; --resume goes on from the last checkpoint'
_WAYS = {
    DIED: 'Its output, or the kernel log of its machine (dmesg), may say why, '
    f'such as too little memory. {_AGAIN}',
    FAILED: _AGAIN,
    SILENT: 'The process is stopped, or its machine or network is gone: end '
    f'it if it is still there. {_AGAIN}',
    HANGS: 'Where it stands is in its own output. If it only needs longer, '
    'raise the seconds in default_hooks.rank_watch.timeout. ' + _AGAIN,
}
