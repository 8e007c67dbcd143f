"""Trainings that are killed once and resumed equal those left alone."""

import re

import pytest

from .kills import differences, killed_and_resumed, left_alone
from .trainings import KINDS, write_config

# Of every kind in turn, so that 24 kills meet all of them and all events.
EVENTS = (
    'before step',
    'before writing run/epoch_3.pth',
    'after writing run/epoch_2.pth',
    'before feature pass',
    'before writing run/last_checkpoint',
    'before k-means',
    'after deleting run/epoch_1.pth',
    'after writing prototype_trees/epoch_3.pth',
    'before writing run/epoch_1.pth',
    'before deleting run/epoch_2.pth',
    'after writing run/last_checkpoint',
    'before writing prototype_trees/epoch_4.pth',
)


def event_for(number, kind):
    """An event for a kill, which the kind of training has."""
    name = EVENTS[number % len(EVENTS)]
    if kind == 'mocov2-steps':
        # It saves every three steps.
        return re.sub(
            r'run/epoch_(\d)', lambda e: f'run/iter_{3 * int(e[1])}', name
        )
    return name


@pytest.mark.slow
@pytest.mark.parametrize('place', range(len(KINDS)), ids=list(KINDS))
def test_killed_three_times(place, digits, tmp_path):
    kind = list(KINDS)[place]
    config = write_config(kind, digits, tmp_path / 'config.py')
    events, whole, seconds = left_alone(config, tmp_path / 'whole')
    names = [name.replace('whole/', 'run/') for name in events]
    for number in range(place, 3 * len(KINDS), len(KINDS)):
        wanted = event_for(number, kind)
        places = [i for i, name in enumerate(names) if name == wanted]
        assert places, f'{wanted} is none of {sorted(set(names))}'
        # The middle one is after the first tree.
        _, found = killed_and_resumed(
            config, tmp_path / 'run', fatal=places[len(places) // 2]
        )
        assert not list(differences(found, whole))
