"""Running a tool, and what it says if it fails."""

import dis
import logging
import re
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable
from io import TextIOWrapper

from hirl_mm.tables import printable

# Longest text of a foreign error; PyTorch lists the keys of whole networks.
_LONGEST = 600
_OF_WORKER = 'Original Traceback (most recent call last)'
_ANSI = re.compile(r'\x1b\[[0-9;]*m')


def run_tool(
    parse_args: Callable[[], Namespace],
    main: Callable[[Namespace], int | None],
) -> None:
    """Parse the command line of a tool and run it.

    An error ends the process with exit status 1 and one line on stderr, see
    :func:`sentence`. The traceback is written to the log file of the run, if
    there is one, and with ``--debug`` to stderr.

    Args:
        parse_args: Returns the options of a
            :class:`hirl_mm.options.ToolParser`.
        main: Called with the options, without ``debug``. It returns the exit
            status; None for 0.

    Raises:
        SystemExit: If the tool ends with another status than 0.
    """
    debug = False
    # Bytes of file names that are no UTF-8 are printed as escapes.
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == 'strict':
        sys.stdout.reconfigure(errors='backslashreplace')
    try:
        args = parse_args()
        debug = vars(args).pop('debug')
        status = main(args)
    except Exception as error:
        _log_traceback(error)
        if debug:
            raise
        sys.exit(f'error: {sentence(error)}')
    if status:
        sys.exit(status)


def sentence(error: Exception) -> str:
    """Return one line that says what an error means to the user of a tool.

    Errors of the operating system and those that this package raises on
    purpose are written for users, and are returned as they are. Others keep
    the name of their class, and are shortened.

    Args:
        error: The error, with its traceback.

    Example:
        >>> sentence(FileNotFoundError('there is no run'))
        'there is no run'
        >>> sentence(AssertionError())
        'AssertionError (--debug shows where)'
    """
    text, is_ours = str(error), _is_raised_here(error)
    if _OF_WORKER in text:
        text, is_ours = _last_of_worker(text)
    if text and (isinstance(error, OSError) or is_ours):
        return printable(text)
    text = printable(' '.join(_ANSI.sub('', text).split()))
    if len(text) > _LONGEST:
        text = f'{text[:_LONGEST].rstrip()} ...'
    name = type(error).__name__
    return f'{name}{": " if text else ""}{text} (--debug shows where)'


def _is_raised_here(error: Exception) -> bool:
    """Whether a statement ``raise`` of this project made an error."""
    place = error.__traceback__
    if place is None:
        return False
    while place.tb_next is not None:
        place = place.tb_next
    module = place.tb_frame.f_globals.get('__name__', '')
    if module.split('.')[0] not in ('hirl_mm', '__main__'):
        return False
    # A slip such as None + 1 ends in an operation, not in a raise.
    code = place.tb_frame.f_code.co_code
    return dis.opname[code[place.tb_lasti]] == 'RAISE_VARARGS'


def _last_of_worker(text: str) -> tuple[str, bool]:
    """Return what the error of a worker says, and whether it is raised here.

    PyTorch puts the whole traceback of a process that reads images into the
    text of the error.
    """
    lines = text.strip().splitlines()
    place = max(i for i, line in enumerate(lines) if line.startswith('  File'))
    last = max(i for i, line in enumerate(lines) if line.startswith('  '))
    source = lines[place + 1].strip()
    is_ours = '/hirl_mm/' in lines[place] and source.startswith('raise ')
    return ' '.join(lines[last + 1 :]).partition(': ')[2], is_ours


def _log_traceback(error: Exception) -> None:
    """Write a traceback to the log files of the current run only."""
    logging_of_runs = sys.modules.get('mmengine.logging')
    if logging_of_runs is None:
        return
    place = traceback.extract_tb(error.__traceback__)[-1]
    lines = traceback.format_exception(error)
    where = place.filename, place.lineno or 0
    record = logging.LogRecord(
        *('mmengine', logging.ERROR, *where),
        *(''.join(lines), (), None, place.name),
    )
    logger = logging_of_runs.MMLogger.get_current_instance()
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handle(record)
