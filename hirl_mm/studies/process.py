"""Start a process, follow its output, and stop it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

# torchrun gives its workers 30 seconds to end before it kills them.
_SECONDS_TO_END = 60


def follow_process(
    words: Sequence[str | os.PathLike],
    on_line: Callable[[str], None],
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a process to its end and pass every line it prints to a function.

    If the calling process is stopped by an exception, Ctrl-C or SIGTERM, the
    started process is stopped, too. While it runs, SIGTERM raises SystemExit
    in the calling process.

    Args:
        words: Program and its arguments.
        on_line: Function that is called with every line of output and
            errors, including the line break, as soon as it is printed.
        env: Environment variables; None for those of the calling process.

    Returns:
        Exit status of the process.

    Example:
        >>> lines = []
        >>> words = [sys.executable, '-c', 'print(1 + 1)']
        >>> follow_process(words, lines.append), lines
        (0, ['2\\n'])
    """
    with exit_on_sigterm():
        process = subprocess.Popen(
            [str(word) for word in words],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
        )
        _end_first(process.pid)
        assert process.stdout is not None  # It is a pipe.
        try:
            for line in process.stdout:
                on_line(line)
            return process.wait()
        finally:
            stop_process(process)


def stop_process(process: subprocess.Popen) -> None:
    """End a process if it runs: ask it to, and kill it after a minute.

    Args:
        process: The process. Its pipes are closed.
    """
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in process.stdin, process.stdout:
        if pipe is not None:
            pipe.close()


def _end_first(process: int) -> None:
    """Let Linux end a process, not its reporter, when memory runs out.

    Processes that it starts later inherit this.
    """
    with suppress(OSError):
        Path(f'/proc/{process}/oom_score_adj').write_text('1000')


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Let SIGTERM raise SystemExit, as Ctrl-C raises KeyboardInterrupt."""
    # Python allows only the main thread to set signal handlers.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _exit(*_: Any) -> None:
    sys.exit('stopped')
