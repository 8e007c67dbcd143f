from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.test_bad_input.sound_input import SoundInput

Words = Sequence[object]


@dataclass(frozen=True)
class Case:
    """A bad input, and what a tool says about it.

    Args:
        name: What is wrong.
        make: Makes the input, given sound ones and an empty folder. Returns
            the name of the tool and its command line.
        message: The sentence, with ``~`` for that folder and ``SOUND`` for
            the folder of the sound inputs.
    """

    name: str
    make: Callable[[SoundInput, Path], Words]
    message: str


def cases(make, table):
    """Cases of one kind: ``make(*table[name][:-1])`` makes the input.

    Args:
        make: Function that returns ``Case.make``.
        table: Arguments of ``make``, and the message, by name.
    """
    return [
        Case(name, make(*arguments), message)
        for name, (*arguments, message) in table.items()
    ]
