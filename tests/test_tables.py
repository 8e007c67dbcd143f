"""Names from elsewhere are text in tables, reports and logs."""

import pytest

from hirl_mm.datasets.class_order import shown
from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.evaluation.arm_results import (
    ArmResults,
    left_out_note,
    results_table,
)
from hirl_mm.studies.report import write_report
from hirl_mm.tables import aligned_table
from tests.colour_folders import write_colours
from tests.trained_files import logged

HOSTILE = [
    '\x1b[2J',
    'two\nlines',
    'a|b',
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '![x](http://example.org/x.png)',
    '[x](javascript:alert)',
    '\u202egnp',
    'back\\slash|',
]


def is_harmless(text):
    """Whether a text moves no terminal and is text in Markdown."""
    marks = '\x1b', '\u202e', '](', '\r'
    return not any(mark in text for mark in marks) and all(
        text[i - 1] == '\\' for i, char in enumerate(text) if char == '<'
    )


@pytest.mark.parametrize('name', HOSTILE)
def test_cells(name):
    text = aligned_table([name, 'b'], [[name, '1'], ['c', '2']])
    assert is_harmless(text)
    lines = text.splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
    for line in lines:
        assert line.replace('\\\\', '').replace('\\|', '').count('|') == 3


@pytest.mark.parametrize('name', HOSTILE)
def test_reports(name, tmp_path):
    write_report(
        tmp_path / 'report.md',
        table=aligned_table(['a'], [[name]]),
        note='',
        facts=dict(checkpoint=name),
        content={},
    )
    text = (tmp_path / 'report.md').read_text()
    assert is_harmless(text)
    assert text.splitlines()[-1].startswith('- checkpoint: ')


@pytest.mark.parametrize('name', HOSTILE)
def test_results_of_others(name):
    """``results.json`` may come from anywhere."""
    arm = ArmResults(name, name)
    arm.add(name, {name: 1.0}, {f'{name} 2': name}, source=name)
    text = results_table([arm]) + left_out_note([arm])
    assert is_harmless(text)
    # A head, a rule, two rows, and the list of what was left out.
    assert len(text.splitlines()) == 8


def test_numbers_and_intervals_stay():
    cells = ['-1.0 ± 2.0', '[0.1, 0.9]', '1,000', 'hirl_moco-v2 *']
    text = aligned_table(cells, [])
    assert text.splitlines()[0] == f'| {" | ".join(cells)} |'


@pytest.mark.parametrize('name', ['\x1b[2J', 'two\nlines', '\u202egnp'])
def test_logs(name, tmp_path):
    write_colours(tmp_path)
    (tmp_path / name).mkdir()
    with logged() as records:
        len(FolderImages(data_root=str(tmp_path)))
    ((_, message),) = records
    assert 'folders without images' in message
    assert message.isprintable() and shown([name]).isprintable()
