import json
import socket
import time
from multiprocessing.connection import Connection
from multiprocessing.util import register_after_fork

from .links import LONGEST, linked, ready, send
from .notes import (
    ALIVE,
    DIED,
    FAILED,
    HANGS,
    LEFT,
    SILENT,
    Note,
    Verdict,
    encoded,
    note_of,
)
from .verdicts import hanging

# Seconds in which the death of a rank may become known that is the cause of
# another's error, and in which the others may read the verdict.
_SETTLE = 1.0


class Hub:
    """The links of rank 0, which hears all ranks and judges them.

    Args:
        server: Socket on which it listens.
        token: See :class:`Meeting`.
        world_size: Number of ranks.
        timeout: See :func:`~.verdicts.hanging`.
    """

    def __init__(
        self,
        server: socket.socket,
        token: str,
        world_size: int,
        timeout: float,
    ) -> None:
        register_after_fork(server, socket.socket.close)
        self._server = server
        self._token = token
        self._world_size = world_size
        self._timeout = timeout
        self._links: dict[Connection, int | None] = {}
        # Last note of every rank, and when it came; None of ranks that left.
        self._notes: dict[int, tuple[Note, float] | None] = {}
        # The first error that was told.
        self._failed: tuple[Note, float] | None = None

    def missing(self) -> list[int]:
        """Return the ranks that have not connected yet."""
        return [r for r in range(self._world_size) if r not in self._notes]

    def turn(self, own: Note, now: float) -> Verdict | None:
        """Hear and answer the others; return and send what is wrong.

        Args:
            own: Note of rank 0.
            now: Seconds on any clock.

        Returns:
            The verdict, with which the links are closed; None to go on.
        """
        self._take(own, now)
        if self.missing():
            self._accept()
        dead = self._hear(own, now)
        verdict = self._judge(own, dead, now)
        if verdict is not None:
            self._close(encoded(verdict))
        return verdict

    def _close(self, message: bytes) -> None:
        self._server.close()
        for link in self._links:
            send(link, message)
        # One that is closed with something unread in it may lose the message.
        links = set(self._links)
        until = time.monotonic() + _SETTLE
        while links and (left := until - time.monotonic()) > 0:
            for link in ready(links, left):
                try:
                    link.recv_bytes(LONGEST)
                except (EOFError, OSError):
                    links.remove(link)

    def _take(self, note: Note, now: float) -> None:
        if note.end == LEFT:
            self._notes[note.rank] = None
            return
        if note.end is not None and self._failed is None:
            self._failed = note, now
        self._notes[note.rank] = note, now

    def _hear(self, own: Note, now: float) -> list[Note]:
        """Return the last notes of ranks whose links were closed."""
        dead = []
        answer = encoded(Verdict(ALIVE, (own,)))
        for link in ready(self._links, 0):
            try:
                token, values = json.loads(link.recv_bytes(LONGEST))
                if token != self._token:
                    raise ValueError
                note = note_of(values)
            except (EOFError, OSError, TypeError, ValueError):
                rank = self._links.pop(link)
                link.close()
                last = None if rank is None else self._notes.get(rank)
                if last is not None:
                    dead.append(last[0])
                continue
            self._links[link] = note.rank
            self._take(note, now)
            send(link, answer)
        return dead

    def _accept(self) -> None:
        while True:
            try:
                found, _ = self._server.accept()
            except OSError:  # There is none left.
                return
            self._links[linked(found)] = None

    def _judge(
        self, own: Note, dead: list[Note], now: float
    ) -> Verdict | None:
        died = [note for note in dead if note.end is None]
        if died:
            return Verdict(DIED, tuple(died))
        if self._failed is not None:
            note, at = self._failed
            return Verdict(FAILED, (note,)) if now - at >= _SETTLE else None
        if self.missing():
            return None
        if own.end == LEFT:
            return Verdict(LEFT, (own,))
        known = [entry for entry in self._notes.values() if entry is not None]
        notes = [n._replace(idle=n.idle + now - at) for n, at in known]
        to_blame = hanging(notes, self._timeout)
        if not to_blame:
            return None
        heard = {n.rank: at for n, at in known}
        quiet = all(now - heard[n.rank] > self._timeout / 2 for n in to_blame)
        return Verdict(SILENT if quiet else HANGS, tuple(to_blame))
