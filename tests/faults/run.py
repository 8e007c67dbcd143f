"""Kill trainings at their events and at random times, and resume them.

    python -m tests.faults.run --kills 200 --out kills.json

Every training is killed once, resumed to its end, and compared with one that
was left alone: weights, optimizer, tree, log and all other entries of the last
checkpoint have to be equal to the bit. Takes about two seconds per kill.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hirl_mm.datasets.toy import write_digits

from .kills import differences, killed_and_resumed, left_alone
from .trainings import KINDS, write_config


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('--kills', type=int, default=200, help='number of kills (200)')
    add('--kinds', nargs='+', choices=KINDS, default=list(KINDS))
    add('--seed', type=int, default=0, help='chooses the events (0)')
    add('--out', type=Path, help='JSON file for every kill')
    return parser.parse_args()


def choose(events, seconds, rng):
    """A moment of a training: one of its events, or every fifth time any."""
    if rng.random() < 0.2:
        return dict(seconds=rng.uniform(0, seconds))
    # Some kinds of events are rare, and all are as likely.
    name = rng.choice(sorted(set(events)))
    numbers = [i for i, event in enumerate(events) if event == name]
    return dict(fatal=rng.choice(numbers))


def main():
    args = parse_args()
    rng = random.Random(args.seed)
    found, began = [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        digits = write_digits(Path(folder, 'digits'))
        wholes = {}
        for number in range(args.kills):
            kind = args.kinds[number % len(args.kinds)]
            base = Path(folder, kind)
            if kind not in wholes:
                base.mkdir()
                config = write_config(kind, digits, base / 'config.py')
                wholes[kind] = config, *left_alone(config, base / 'whole')
            config, events, expected, seconds = wholes[kind]
            moment = choose(events, seconds, rng)
            try:
                names, state = killed_and_resumed(
                    config, base / 'run', **moment
                )
                differ = list(differences(state, expected))
                end = 'unequal' if differ else 'equal'
            except AssertionError as error:
                names, differ, end = [], [str(error)], 'lost'
            at = names[-1] if names and 'fatal' in moment else 'a random time'
            found.append(
                dict(kind=kind, moment=moment, at=at, end=end, differ=differ)
            )
            left = (args.kills - number - 1) / (number + 1)
            eta = (time.monotonic() - began) * left
            print(
                f'{number + 1}/{args.kills} {kind}, {at}: {end}, eta '
                f'{eta:.0f} s', *differ[:3], flush=True,
            )  # fmt: skip
    print(dict(Counter(kill['end'] for kill in found)))
    if args.out:
        args.out.write_text(json.dumps(found, indent=1))
    sys.exit(any(kill['end'] != 'equal' for kill in found))


if __name__ == '__main__':
    main()
