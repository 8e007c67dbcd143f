"""Signals by which a cluster asks a training to save its state and end."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

STOP_SIGNALS = signal.SIGTERM, signal.SIGUSR1
# Exit status of a training that a signal has stopped: EX_TEMPFAIL of
# sysexits.h, "a temporary failure; try again later".
REQUEUE_STATUS = 75


class StopSignals:
    """Notes SIGTERM and SIGUSR1 instead of ending the process.

    Clusters send signals to every process of a job. Worker processes of data
    loaders that are forked meanwhile leave these signals to their parent,
    which needs them until it has stopped; they end if the parent asks them
    to.

    Attributes:
        received: Name of the first signal that came; None before.
    """

    def __init__(self) -> None:
        self.received: str | None = None
        self._before: dict[signal.Signals, Callable | int] = {}

    @property
    def is_listening(self) -> bool:
        return bool(self._before)

    def listen(self) -> None:
        """Note signals from now on; do nothing if that is so already.

        Python allows it in the main thread only; in others nothing is done.
        """
        is_main = threading.current_thread() is threading.main_thread()
        if self.is_listening or not is_main:
            return
        for number in STOP_SIGNALS:
            before = signal.signal(number, self._note)
            self._before[number] = before or signal.SIG_DFL

    def close(self) -> None:
        """Let signals do again what they did before, and forget them."""
        while self._before:
            signal.signal(*self._before.popitem())
        self.received = None

    def _note(self, number: int, frame: Any) -> None:
        self.received = self.received or signal.Signals(number).name


# Signals belong to the process.
stop_signals = StopSignals()


def ignore_stop_signals() -> None:
    """Let nothing change the status with which this process is ending.

    Slurm ends the other processes of a job when the first one has exited.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _leave_to_parent() -> None:
    """Called in a process that was forked."""
    if not stop_signals.is_listening:
        return
    # PyTorch gives worker processes a handler of its own, which ends them.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    threading.Thread(target=_end_if_parent_asks, daemon=True).start()


def _end_if_parent_asks() -> None:
    parent = os.getppid()
    while True:
        signal_info = signal.sigwaitinfo(STOP_SIGNALS)
        from_parent = signal_info.si_pid == parent
        if from_parent and signal_info.si_signo == signal.SIGTERM:
            os._exit(0)


if hasattr(signal, 'sigwaitinfo'):  # Not on macOS.
    os.register_at_fork(after_in_child=_leave_to_parent)
