import argparse
from typing import Any, NoReturn


class ToolParser(argparse.ArgumentParser):
    """Parser of the command line of a tool.

    It has ``--debug``, see :func:`hirl_mm.options.run_tool`. A wrong command
    line ends the tool with exit status 2 and one line, without the usage of
    all options.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_argument(
            '--debug',
            action='store_true',
            help='show the traceback of an error (default: only in the log '
            'file of the run, if there is one)',
        )

    def error(self, message: str) -> NoReturn:
        self.exit(2, f'error: {message} (--help shows all options)\n')
