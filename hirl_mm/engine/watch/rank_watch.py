"""End a training on all ranks if one of them dies, fails or hangs."""

import os
import socket
import sys
import threading
import traceback
from logging import Logger
from multiprocessing import Pipe
from types import FrameType
from typing import Any

from mmengine.dist import broadcast_object_list

from hirl_mm.ranks import rank_and_world_size

from .awake_clock import AwakeClock
from .busy_thread import BusyThread
from .ending import end_process
from .hub import Hub
from .links import Meeting, open_meeting
from .notes import FAILED, LEFT, Note, Verdict
from .signs_of_life import SIGNS, START
from .spoke import Spoke
from .verdicts import sentence

# Seconds without a sign of life after which a rank hangs, by default: below
# the ten minutes after which NCCL ends a process.
TIMEOUT = 540.0
# Seconds in which the others may end by themselves after an error of one
# rank, and in which an error waits for its cause.
_PATIENCE, _CAUSE_WITHIN = 30.0, 10.0
# Seconds in which a start waits until its rank has told rank 0 of itself: the
# death of a rank that never did is not noticed.
_TOLD_WITHIN = 10.0
# Most seconds between two turns of the thread, each of which sends a note.
_TURN = 1.0
# Seconds between two turns at the start and at the end.
_HURRY = 0.05
# Longest text of an error that travels.
_LONGEST_ERROR = 500
# Files with the calls in which PyTorch waits for other ranks.
_WAITING = (
    os.path.join('torch', 'distributed', 'distributed_c10d.py'),
    os.path.join('torch', 'autograd', 'graph.py'),
)


class RankWatch:
    """Watches all ranks in a block, from a thread of its own.

    It begins with :meth:`start` and lasts until the end of the block. In a
    block inside another one, the outer one watches.

    The thread of each rank tells rank 0 what the rank is doing, see
    :mod:`.signs_of_life`. If a rank dies, raises an error or gives no sign of
    life for too long, every rank logs one line that names it and what it was
    doing, and ends with exit status 1, even if its main thread waits for the
    others for ever. A rank that waits for another which goes on is left
    alone. If a rank raises an error, others may end by themselves for half a
    minute; those that raise another error log the first one.

    Until the first stage of the training, while models and data sets are
    built, the time that a rank computes is a sign of life, too.

    Seconds are those in which the threads run: a job that is suspended as a
    whole goes on afterwards.

    Args:
        timeout: Seconds without a sign of life after which a rank hangs.

    Attributes:
        current: The watch of the outermost block of this process; None
            outside of all blocks.
    """

    current: 'RankWatch | None' = None

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self.timeout = timeout
        self._pause = min(timeout / 20, _TURN)
        self._thread: threading.Thread | None = None
        self._end: str | None = None
        self._told, self._ended = threading.Event(), threading.Event()
        self._gives_up = False
        self._verdict: Verdict | None = None
        self._count, self._since = -1, 0.0

    def __enter__(self) -> 'RankWatch':
        if RankWatch.current is None:
            RankWatch.current = self
        return RankWatch.current

    def start(self, logger: Logger) -> None:
        """Begin to watch, unless this has begun or there is one rank only.

        All ranks make this call, as soon as they can.

        Args:
            logger: Logger of the lines.
        """
        self._rank, self._world_size = rank_and_world_size()
        if self._thread is not None or self._world_size == 1:
            return
        self.logger = logger
        self._main = threading.get_ident()
        self._busy = BusyThread(self._main)
        SIGNS.restart()
        self._woken, self._wake = Pipe(duplex=False)
        server, meeting = None, None
        if self._rank == 0:
            server, meeting = open_meeting(self._note(0.0))
        found = [meeting]
        broadcast_object_list(found)
        self._thread = threading.Thread(
            name='watch ranks',
            target=self._watch,
            args=(server, found[0]),
            daemon=True,
        )
        self._thread.start()
        self._told.wait(_TOLD_WITHIN)

    def __exit__(
        self, kind: object, error: BaseException | None, *_: Any
    ) -> None:
        if RankWatch.current is not self:
            return
        RankWatch.current = None
        if self._thread is not None:
            self._finish(self._thread, error)

    def _finish(
        self, thread: threading.Thread, error: BaseException | None
    ) -> None:
        # Leaving by SystemExit or Ctrl-C is meant so.
        failed = isinstance(error, Exception)
        self._end = LEFT
        if failed:
            text = ' '.join(f'{type(error).__name__}: {error}'.split())
            self._end = text[:_LONGEST_ERROR]
        self._ended.set()
        self._wake.send_bytes(b'!')
        # Ends the process if another rank has died, whatever the error says.
        thread.join(_CAUSE_WITHIN)
        self._gives_up = True
        if failed and self._verdict is not None:
            ends = [note.end for note in self._verdict.notes]
            if self._end not in ends:
                self.logger.error(sentence(self._verdict))

    def _watch(self, server: socket.socket | None, meeting: Meeting) -> None:
        post: Hub | Spoke
        try:
            if server is not None:
                post = Hub(
                    server, meeting.token, self._world_size, self.timeout
                )
            else:
                post = Spoke(meeting, self.timeout)
        except OSError as error:
            self.logger.warning(
                f'rank {self._rank} is not watched, because it cannot reach '
                f'rank 0 at {meeting.host}:{meeting.port}: {error}'
            )
            self._told.set()  # There is nobody to tell.
            return
        self._obey(self._verdict_of(post, meeting))

    def _verdict_of(self, post: Hub | Spoke, meeting: Meeting) -> Verdict:
        clock = AwakeClock(4 * self._pause)
        warned = False
        while not self._gives_up:
            now = clock.read()
            verdict = post.turn(self._note(now), now)
            self._told.set()
            if verdict is not None:
                return verdict
            missing = post.missing()
            if missing and now > self.timeout and not warned:
                warned = True
                self.logger.warning(
                    f'ranks {missing} have not connected to rank 0 at '
                    f'{meeting.host}:{meeting.port}: no rank that hangs will '
                    'be noticed'
                )
            hurries = self._end is not None or (missing and not warned)
            if self._woken.poll(_HURRY if hurries else self._pause):
                self._woken.recv_bytes()
        return Verdict(LEFT, ())

    def _note(self, now: float) -> Note:
        frame = sys._current_frames().get(self._main)
        waits = _waits_for_others(frame)
        works = SIGNS.position == START and self._busy.read() and not waits
        if works or self._count != SIGNS.count:
            self._count, self._since = SIGNS.count, now
        return Note(
            self._rank,
            socket.gethostname(),
            os.getpid(),
            SIGNS.stage,
            SIGNS.position,
            now - self._since,
            waits,
            self._end,
        )

    def _obey(self, verdict: Verdict) -> None:
        if verdict.kind == LEFT:
            return
        self._verdict = verdict
        named = self._rank in [note.rank for note in verdict.notes]
        if verdict.kind == FAILED:
            patience = min(self.timeout, _PATIENCE)
            if named or self._ended.wait(patience):
                return
        text = sentence(verdict)
        if named:
            frame = sys._current_frames()[self._main]
            stack = ''.join(traceback.format_stack(frame))
            text += f'\nThe training of this rank stands here:\n{stack}'
        end_process(text, self.logger)


def _waits_for_others(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.endswith(_WAITING):
            return True
        frame = frame.f_back
    return False
