"""Options that the command lines of several tools share."""

import argparse


def add_trust_option(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--trust-checkpoint``, which is False by default."""
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='read checkpoints that hold more than tensors, plain types and '
        "MMEngine's logs; such a file can run any code when it is read, so "
        'use this only for files from a source you trust',
    )
