"""Read the text log of one start of a run."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

_TIME = re.compile(r'(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) - ')
_EPOCH_LENGTH = re.compile(r'Epoch\(train\)\s*\[\s*\d+\]\[\s*\d+/(\d+)\]')
_FACT = re.compile(r' {4}([^:]{1,60}): (.*)')
_WARNING = re.compile(r'- (?:WARNING|ERROR|CRITICAL) - (.*)')
_MOST_WARNINGS = 50
_RULE = '-' * 20


@dataclass(frozen=True)
class StartLog:
    """What the text log of one start of a run says.

    Args:
        name: Name of its folder, the time of the start.
        facts: System and run-time environment, such as the version of
            PyTorch and the seed.
        began: Time of the first line; None if there is none.
        ended: Time of the last line.
        epoch_length: Iterations per epoch; None if the log does not tell.
        warnings: First lines of warnings and errors, each once, at most 50,
            with the number of times that each was logged.
    """

    name: str
    facts: Mapping[str, str] = field(default_factory=dict)
    began: datetime | None = None
    ended: datetime | None = None
    epoch_length: int | None = None
    warnings: Mapping[str, int] = field(default_factory=dict)

    @property
    def duration(self) -> timedelta:
        """Time between the first and the last line."""
        if self.began is None or self.ended is None:
            return timedelta()
        return self.ended - self.began


def read_start(folder: Path) -> StartLog:
    """Read the text log of a start; what it does not say stays empty.

    Args:
        folder: Folder of the start inside the work folder of the run.
    """
    facts: dict[str, str] = {}
    warnings: Counter[str] = Counter()
    began = ended = length = None
    for file in sorted(folder.glob('*.log')):
        with file.open(errors='replace') as opened:
            lines = iter(opened)
            for line in lines:
                if 'System environment:' in line:
                    facts |= _environment(lines)
                elif time := _TIME.match(line):
                    ended = time[1]
                    began = began or ended
                    if found := _WARNING.search(line):
                        warnings[found[1].strip()] += 1
                    if found := _EPOCH_LENGTH.search(line):
                        length = int(found[1])
    most = dict(list(warnings.items())[:_MOST_WARNINGS])
    return StartLog(
        folder.name, facts, _datetime(began), _datetime(ended), length, most
    )


def _environment(lines: Iterator[str]) -> dict[str, str]:
    """Facts up to the rule below MMEngine's two lists of them."""
    facts = {}
    for line in lines:
        if line.startswith(_RULE):
            break
        found = _FACT.match(line)
        # The details of PyTorch's build fill a screen.
        if found and found[2].strip() and 'compiling' not in found[1]:
            facts[found[1].strip()] = found[2].strip()
    return facts


def _datetime(text: str | None) -> datetime | None:
    if text is None:
        return None
    return datetime.strptime(text, '%Y/%m/%d %H:%M:%S')
