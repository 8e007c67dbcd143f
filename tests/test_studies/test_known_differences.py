"""A pair of runs beside the differences of more seeds."""

import pytest

from hirl_mm.studies.grid import write_study_report
from hirl_mm.studies.grid.compared import compare_arms
from hirl_mm.studies.grid.known_differences import (
    known_differences,
    table_beside_known,
)
from hirl_mm.studies.grid.study_file import (
    Study,
    StudyArm,
    StudyData,
    StudyFile,
)

PAIR = 'HIRL', 'plain'


def study_file(*seeds):
    study = Study('gain', '?', ['s'], ['plain', 'HIRL'], seeds, [PAIR])
    arms = dict(plain=StudyArm('a.py'), HIRL=StudyArm('b.py'))
    return StudyFile(dict(s=StudyData('s')), arms, [study])


def record(**figures):
    return dict(
        figures=figures, seconds=60, cpu_seconds=50, commit='abc', device='cpu'
    )


@pytest.fixture
def report(tmp_path):
    """Three seeds: kNN is higher in all by about 2, NMI is not."""
    results = {}
    for seed, (knn, nmi) in enumerate([(2.0, 1.0), (2.1, -5), (1.9, 4)]):
        results['s', 'plain', seed] = record(kNN=70.0, NMI=50.0)
        results['s', 'HIRL', seed] = record(kNN=70.0 + knn, NMI=50 + nmi)
    write_study_report(tmp_path, study_file(0, 1, 2), results)
    return tmp_path / 'study.json'


def test_table_of_a_pair(report):
    results = {
        ('s', 'plain', 7): record(kNN=71.0, NMI=40.0, linear=9.0),
        ('s', 'HIRL', 7): record(kNN=70.5, NMI=44.0, linear=9.5),
    }
    (found,) = compare_arms(study_file(7), results)
    known = known_differences(report, 'gain', 's', PAIR)
    lines = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in table_beside_known(found, known).splitlines()
    ]
    assert lines[0] == [
        *('figure', 'plain', 'HIRL', 'HIRL - plain', '3 seeds, 95 %')
    ]
    # Standard deviation 0.1, t of two degrees 4.303: 2 +- 0.25.
    assert lines[2] == [
        'kNN',
        '71.0',
        '70.5',
        '-0.5',
        '**+2.0 (+1.8 to +2.2)**',
    ]
    assert lines[3][:4] == ['NMI', '40.0', '44.0', '+4.0']
    assert lines[3][4].startswith('+0.0 (-')
    assert lines[4] == ['linear', '9.0', '9.5', '+0.5', '-']


@pytest.mark.parametrize(
    'other',
    [
        dict(study='why'),
        dict(data='photos'),
        dict(pair=('plain', 'HIRL')),
    ],
)
def test_differences_of_another_question(report, other):
    asked = dict(study='gain', data='s', pair=PAIR)
    assert set(known_differences(report, **asked)) == {'kNN', 'NMI'}
    assert not known_differences(report, **asked | other)
