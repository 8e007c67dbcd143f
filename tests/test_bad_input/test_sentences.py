"""Every bad input is a sentence: one line on stderr, exit status not 0."""

import pytest

from tests.test_bad_input.tables import (
    checkpoints,
    command_lines,
    configs,
    data,
    features,
    options,
    results,
    taxonomies,
    trees,
)

TABLES = dict(
    options=options,
    command_lines=command_lines,
    configs=configs,
    data=data,
    checkpoints=checkpoints,
    trees=trees,
    features=features,
    taxonomies=taxonomies,
    results=results,
)
CASES = [
    pytest.param(case, id=f'{kind}: {case.name}')
    for kind, table in TABLES.items()
    for case in table.CASES
]


@pytest.mark.slow
@pytest.mark.parametrize('case', CASES)
def test_one_sentence(case, sound, said, tmp_path):
    assert said(*case.make(sound, tmp_path)) == case.message


def test_there_are_at_least_a_hundred():
    names = [case.id for case in CASES]
    assert len(names) == len(set(names)) >= 100
    assert all(table.CASES for table in TABLES.values())
