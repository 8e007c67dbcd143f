import json
import socket

from .links import LONGEST, Meeting, linked, send
from .notes import ALIVE, DIED, LEFT, SILENT, Note, Verdict, decoded

# Seconds in which rank 0 may accept a connection.
_CONNECT_WITHIN = 60


class Spoke:
    """The link of another rank to rank 0.

    Args:
        meeting: Where rank 0 is.
        timeout: Seconds without an answer from which rank 0 is silent for
            too long.

    Raises:
        OSError: If rank 0 cannot be reached.
    """

    def __init__(self, meeting: Meeting, timeout: float) -> None:
        found = socket.create_connection(
            (meeting.host, meeting.port), _CONNECT_WITHIN
        )
        self._link = linked(found)
        self._token = meeting.token
        self._hub = meeting.note
        self._timeout = timeout
        self._answered = 0.0
        # Whether the last note has no answer yet, and its end.
        self._asks = False
        self._end: str | None = None

    def missing(self) -> list[int]:
        """Return no ranks: only rank 0 knows."""
        return []

    def turn(self, own: Note, now: float) -> Verdict | None:
        """Send a note if the last one was answered; return what is wrong.

        Args:
            own: Note of this rank.
            now: Seconds on a clock that begins at 0.

        Returns:
            The verdict, after which the link is of no use; None to go on.
        """
        try:
            while self._link.poll():
                verdict = decoded(self._link.recv_bytes(LONGEST))
                if verdict.kind != ALIVE:
                    return verdict
                (self._hub,) = verdict.notes
                self._asks, self._answered = False, now
        except (EOFError, OSError):
            return Verdict(DIED, (self._hub,))
        if not self._asks:
            if self._end == LEFT:
                return Verdict(LEFT, (own,))
            send(self._link, json.dumps([self._token, own]).encode())
            self._asks, self._end = True, own.end
        silent = now - self._answered
        if silent > self._timeout:
            return Verdict(SILENT, (self._hub._replace(idle=silent),))
        return None
