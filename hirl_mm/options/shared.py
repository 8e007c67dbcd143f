"""Options that the command lines of several tools share."""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path


def add_trust_option(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--trust-checkpoint``, which is False by default."""
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='read checkpoints that hold more than tensors, plain types and '
        "MMEngine's logs, and configs of run folders that hold more than "
        'values; such a file can run any code when it is read, so use this '
        'only for files from a source you trust',
    )


def add_reading_options(
    parser: argparse.ArgumentParser, batch_size: int = 256
) -> None:
    """Add ``--batch-size`` and ``--num-workers``, which images are read by.

    Args:
        parser: Parser of the command line of a tool.
        batch_size: Default of ``--batch-size``.
    """
    parser.add_argument(
        '--batch-size',
        type=partial(whole_number, least=1),
        default=batch_size,
        help='images per batch and process (default: %(default)s)',
    )
    parser.add_argument(
        '--num-workers',
        type=partial(whole_number, least=0),
        default=4,
        help='worker processes that load images, per process (default: '
        '%(default)s)',
    )


def add_hierarchy_options(parser: argparse.ArgumentParser) -> None:
    """Add the run whose tree is used, and how its images are read.

    These are the argument ``RUN_FOLDER`` and the options ``--checkpoint``,
    ``--batch-size``, ``--num-workers`` and ``--trust-checkpoint``.

    Args:
        parser: Parser of the command line of a tool.
    """
    parser.add_argument(
        'run',
        type=Path,
        metavar='RUN_FOLDER',
        help='work folder of a training with HIRL',
    )
    add_tree_options(parser)


def add_tree_options(parser: argparse.ArgumentParser) -> None:
    """Add how the images of the run of a tree are embedded.

    These are ``--checkpoint``, ``--batch-size``, ``--num-workers`` and
    ``--trust-checkpoint``.

    Args:
        parser: Parser of the command line of a tool.
    """
    parser.add_argument(
        '--checkpoint', help='checkpoint of the run (default: its last one)'
    )
    add_reading_options(parser)
    add_trust_option(parser)


def whole_number(text: str, least: int) -> int:
    """Return a whole number, for ``type`` of an option.

    Args:
        text: The number.
        least: Least value.

    Raises:
        ArgumentTypeError: If it is something else.
    """
    if not text.removeprefix('-').isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(
            f'expected a whole number of at least {least}, got {text!r}'
        )
    return int(text)


def prototype_name(text: str) -> tuple[int, int]:
    """Return level and number of a prototype, for ``type`` of an option.

    Args:
        text: ``LEVEL:NODE``.

    Raises:
        ArgumentTypeError: If it is something else.

    Example:
        >>> prototype_name('0:17')
        (0, 17)
    """
    level, colon, node = text.partition(':')
    if not (colon and level.isdecimal() and node.isdecimal()):
        raise argparse.ArgumentTypeError(
            f'expected LEVEL:NODE, such as 0:17, got {text!r}'
        )
    return int(level), int(node)


def add_draw_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--percent`` and ``--seed``, for tools that draw images."""
    parser.add_argument(
        '--percent',
        type=float,
        required=True,
        help='share of the images to draw, in percent',
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the draw (default: 0)'
    )


def add_launcher(
    parser: argparse.ArgumentParser,
    launchers: Sequence[str] = ('none', 'pytorch', 'slurm'),
) -> None:
    """Add ``--launcher``, what started the processes of a run.

    Args:
        parser: Parser of the command line of a tool.
        launchers: Possible values.
    """
    parser.add_argument(
        '--launcher',
        choices=launchers,
        default='none',
        help='what started the processes (default: none, a single process)',
    )
