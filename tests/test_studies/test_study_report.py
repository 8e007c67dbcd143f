"""Reports of studies: what is paired, and what words an interval allows."""

import json
from dataclasses import replace

import pytest

from hirl_mm.studies.grid import pictures, write_study_report
from hirl_mm.studies.grid.compared import compare_arms
from hirl_mm.studies.grid.intervals import paired_difference
from hirl_mm.studies.grid.study_file import (
    Study,
    StudyArm,
    StudyData,
    StudyFile,
)
from hirl_mm.studies.grid.tables import study_tables


def record(**figures):
    return dict(
        figures=figures, seconds=60, cpu_seconds=50, commit='abc', device='cpu'
    )


PAIR = ('HIRL', 'plain')
FILE = StudyFile(
    data=dict(shapes=StudyData('s'), photos=StudyData('p')),
    arms=dict(plain=StudyArm('a.py'), HIRL=StudyArm('b.py')),
    studies=[
        Study(
            *('main', 'Does it help?', ['shapes', 'photos']),
            *(['plain', 'HIRL'], [0, 1, 2], [PAIR]),
        )
    ],
    plotted=['kNN'],
)
# kNN of shapes is higher in every seed, NMI is not; photos have one pair.
RESULTS = {
    ('shapes', 'plain', 0): record(kNN=70.0, NMI=50.0),
    ('shapes', 'HIRL', 0): record(kNN=71.0, NMI=40.0),
    ('shapes', 'plain', 1): record(kNN=60.0, NMI=50.0),
    ('shapes', 'HIRL', 1): record(kNN=61.2, NMI=70.0),
    ('shapes', 'plain', 2): record(kNN=65.0, NMI=50.0),
    ('shapes', 'HIRL', 2): record(kNN=66.1, NMI=51.0),
    ('photos', 'plain', 0): record(kNN=30.0),
    ('photos', 'plain', 1): record(kNN=32.0),
    ('photos', 'HIRL', 0): record(kNN=31.0),
    ('photos', 'HIRL', 2): record(kNN=35.0),
}


def rows(text, first):
    lines = [ln for ln in text.splitlines() if ln.startswith(f'| {first}')]
    return [[c.strip() for c in ln.split('|')[1:-1]] for ln in lines]


def test_tables():
    text = study_tables(
        compare_arms(FILE, RESULTS), failed=[('photos', 'HIRL', 1)]
    )
    knn, of_photos = rows(text, 'kNN')
    assert knn == ['kNN', '65.0 ± 5.0', '66.1 ± 4.9']
    assert of_photos == ['kNN', '31.0 ± 1.4', '33.0 ± 2.8']
    assert rows(text, 'figure')[1][1:] == ['plain (2)', 'HIRL (2)']
    higher, unclear, single = rows(text, 'HIRL - plain')
    assert higher[1:3] == ['kNN', 'higher']
    # Mean 1.1, standard deviation 0.1, t of two degrees 4.303.
    assert higher[3:5] == ['+1.10 ± 0.10', '+0.85 to +1.35']
    assert higher[6] == '3'
    assert unclear[1:3] == ['NMI', 'not shown: 0 is in the interval']
    assert single[1:] == ['kNN', 'too few seeds', '+1.00', '-', '-', '1']
    end = 'Not finished: plain: seeds 2; HIRL: seeds 1 (failed).'
    assert text.rstrip().endswith(end)
    assert text.count('Not finished') == 1
    assert 'helps' not in text.replace('Does it help?', '')


def test_differences_that_decide_come_first():
    text = study_tables(compare_arms(FILE, RESULTS), ['kNN', 'NMI'])
    assert text.startswith('## Differences\n')
    clear, single = (
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in text.splitlines()[4:6]
    )
    assert clear[:4] == ['main', 'shapes', 'HIRL - plain', '3']
    assert clear[4] == '**+1.10 (+0.85 to +1.35)**'
    assert clear[5].startswith('+3.67 (-')
    assert single == ['main', 'photos', 'HIRL - plain', '1', '+1.00', '']


def test_report(tmp_path):
    table = write_study_report(tmp_path, FILE, RESULTS, command='x')
    text = (tmp_path / 'study.md').read_text()
    assert text.startswith(table) and 'only if the t' in text
    assert '- hours of all runs: 0.17' in text and '- runs: 10' in text
    content = json.loads((tmp_path / 'study.json').read_text())
    first, second, third = content['differences']
    assert first['reading'] == 'higher' and first['baseline'] == 'plain'
    assert second['mean'] == pytest.approx(11 / 3)
    assert third['spread'] is None and third['t_interval'] is None
    assert first['values'] == pytest.approx([1, 1.2, 1.1])
    for name in 'study.png', 'differences.png':
        assert (tmp_path / name).stat().st_size > 1000


def test_pictures_that_the_file_names(tmp_path, monkeypatch):
    drawn = {}

    def keep(rows, figures, path):
        drawn[path] = [(r.group, r.name, r.differences) for r in rows], figures

    monkeypatch.setattr(pictures, 'draw_difference_dots', keep)
    other = Study('other', '?', ['photos'], ['HIRL', 'plain'], [0], [PAIR])
    never = Study('never', '?', ['shapes'], ['HIRL', 'plain'], [7], [PAIR])
    # The images stand in the order of the file, not of the studies.
    file = replace(
        FILE,
        data=dict(photos=StudyData('p'), shapes=StudyData('s')),
        studies=[*FILE.studies, other, never],
        pictures=dict(both=['main', 'other'], one=['main'], none=['never']),
    )
    write_study_report(tmp_path, file, RESULTS)
    assert list(drawn) == [tmp_path / 'both.png', tmp_path / 'one.png']
    both, figures = drawn[tmp_path / 'both.png']
    assert figures == ['kNN']
    assert [row[0] for row in both] == ['photos', 'photos', 'shapes']
    assert both[1][1:] == ('HIRL - plain', dict(kNN=(1.0,)))
    one, _ = drawn[tmp_path / 'one.png']
    assert [row[0] for row in one] == ['photos', 'shapes']
    assert one == [both[0], both[2]]


def test_study_without_a_pair_has_no_panel():
    results = {k: v for k, v in RESULTS.items() if k[1] == 'HIRL'}
    lone = ('shapes', 'plain', 0)
    compared = compare_arms(FILE, results | {lone: RESULTS[lone]})
    ((panel,),) = pictures.dot_panels(compared, ['kNN', 'other'])
    assert panel.title == 'main: shapes'
    ours, theirs = panel.pairs[PAIR]
    assert (len(ours), len(theirs)) == (3, 1)


def test_report_of_nothing(tmp_path):
    text = write_study_report(tmp_path, FILE, {})
    assert text.count('Not finished: plain: seeds 0, 1, 2; HIRL') == 2
    assert not list(tmp_path.glob('*.png'))


def test_every_difference_is_computed_once(tmp_path, monkeypatch):
    """The bootstrap takes most of the time of a report."""
    seen = []

    def counted(values):
        seen.append(values)
        return paired_difference(values)

    monkeypatch.setattr(
        'hirl_mm.studies.grid.pairs.paired_difference', counted
    )
    write_study_report(tmp_path, FILE, RESULTS)
    assert len(seen) == 3
