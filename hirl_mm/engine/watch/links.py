"""Connections between rank 0 and the others, over which notes travel.

The links are sockets of their own and not the store of the process group:
the system closes them when a process dies, however it dies, so that the
others know at once. Writing to a link never blocks: a rank sends a note when
the last one was answered, so that the buffer of a stopped process holds one.
"""

import os
import secrets
import socket
from collections.abc import Iterable
from multiprocessing.connection import Connection, wait
from multiprocessing.util import register_after_fork
from typing import NamedTuple

from .notes import Note

# Bytes of a message; far more than a note has.
LONGEST = 2**16
# Ranks that may connect at the same time.
_BACKLOG = 1024


class Meeting(NamedTuple):
    """Where the ranks find rank 0.

    Args:
        host: Address of its machine.
        port: Port on which it listens.
        token: Word that every message begins with, so that no other program
            is taken for a rank.
        note: First note of rank 0.
    """

    host: str
    port: int
    token: str
    note: Note


def open_meeting(note: Note) -> tuple[socket.socket, Meeting]:
    """Return a socket that listens, and how the others find it.

    Args:
        note: First note of rank 0, whose process calls this.
    """
    server = _listening()
    server.setblocking(False)
    host = os.environ.get('MASTER_ADDR') or socket.gethostname()
    port = server.getsockname()[1]
    return server, Meeting(host, port, secrets.token_hex(16), note)


def _listening() -> socket.socket:
    any_address = ('', 0)
    try:
        return socket.create_server(
            any_address,
            family=socket.AF_INET6,
            dualstack_ipv6=True,
            backlog=_BACKLOG,
        )
    except (OSError, ValueError):  # The machine has IPv4 alone.
        return socket.create_server(any_address, backlog=_BACKLOG)


def linked(found: socket.socket) -> Connection:
    """Return a connection that processes forked from this one close.

    Otherwise workers would keep it open after this process has died.
    """
    found.setblocking(True)
    link = Connection(found.detach())
    register_after_fork(link, Connection.close)
    return link


def ready(links: Iterable[Connection], timeout: float) -> list[Connection]:
    """Return the links with something to read, or whose other end is gone.

    Args:
        links: The links.
        timeout: Seconds to wait for one of them.
    """
    found = wait([*links], timeout)
    return [link for link in found if isinstance(link, Connection)]


def send(link: Connection, message: bytes) -> None:
    """Send a message, unless the other end is gone: reading will tell."""
    try:
        link.send_bytes(message)
    except OSError:
        return
