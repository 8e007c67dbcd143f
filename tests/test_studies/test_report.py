import json

import pytest
import torch

from hirl_mm.studies import report_facts, write_report
from hirl_mm.version import __version__
from tests.image_folders import contents


def write(file, draw=None, content=None, table='| a |\n', **kwargs):
    write_report(
        file,
        table=table,
        note='A note.',
        facts=dict(seed=3),
        content=content or dict(a=1),
        draw=draw,
        **kwargs,
    )


def test_three_files(tmp_path):
    write(
        tmp_path / 'new/report.md',
        draw=lambda path: path.write_text(path.suffix),
        picture='.svg',
    )
    folder = tmp_path / 'new'
    assert sorted(contents(folder)) == [
        *('report.json', 'report.md', 'report.svg')
    ]
    text = (folder / 'report.md').read_text()
    assert text == '| a |\n\nA note.\n- seed: 3\n'
    assert json.loads((folder / 'report.json').read_text()) == dict(a=1)
    assert (folder / 'report.svg').read_text() == '.svg'


def broken(path):
    path.write_text('half')
    raise ValueError('cannot draw')


@pytest.mark.parametrize('problem', [dict(draw=broken), dict(content={2j})])
def test_whole_or_not_at_all(problem, tmp_path):
    file = tmp_path / 'report.md'
    for left in [], ['report.json', 'report.md']:
        if left:
            write(file)
        before = file.read_text() if left else None
        with pytest.raises((TypeError, ValueError)):
            write(file, table='| b |\n', **problem)
        assert sorted(contents(tmp_path)) == left
        assert before is None or file.read_text() == before


def test_facts():
    facts = report_facts(seed=3)
    assert list(facts) == ['seed', 'date', 'hirl_mm', 'torch', 'machine']
    assert facts['hirl_mm'] == __version__
    assert facts['torch'] == torch.__version__
