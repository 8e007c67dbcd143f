"""Trainings that are killed once and resumed equal those left alone."""

import pytest

from .kills import differences, killed_and_resumed, left_alone
from .trainings import KINDS, write_config

# The kinds take them in turn, so that all kinds and all events are met.
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


# It saves every three steps, inside epochs with a tree, too.
OF_STEPS = (
    'before step',
    'after writing run/iter_9.pth',
    'before deleting run/iter_12.pth',
)


def events_for(kind):
    """Names of three events, which the kind of training has."""
    if kind.endswith('steps'):
        return OF_STEPS
    first = list(KINDS).index(kind)
    numbers = range(first, 3 * len(KINDS), len(KINDS))
    events = [EVENTS[number % len(EVENTS)] for number in numbers]
    if 'bank' in kind:  # Training has extracted the features.
        events = [e.replace('feature pass', 'k-means') for e in events]
    return events


@pytest.mark.slow
@pytest.mark.parametrize('kind', KINDS)
def test_killed_three_times(kind, digits, tmp_path):
    config = write_config(kind, digits, tmp_path / 'config.py')
    events, whole, _ = left_alone(config, tmp_path / 'whole')
    names = [name.replace('whole/', 'run/') for name in events]
    for event in events_for(kind):
        places = [i for i, name in enumerate(names) if name == event]
        assert places, f'{event} is none of {sorted(set(names))}'
        # Two thirds of them have passed, and so has the first tree.
        fatal = places[2 * len(places) // 3]
        _, found = killed_and_resumed(config, tmp_path / 'run', fatal)
        assert not list(differences(found, whole))
