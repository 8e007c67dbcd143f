"""The page of all error messages is made of the source."""

import re
import runpy

import pytest
import torch

from hirl_mm.clustering import kmeans
from tests.runs import ROOT

PAGE = runpy.run_path(str(ROOT / 'docs/error_messages.py'))

SOURCE = """
_NO_NAME = 'no name in {file}'


class LostError(Exception):
    def __init__(self, name):
        super().__init__(f'{name} is lost')


def reason(path):
    if path.exists():
        return f'{path} is no list'
    return f'there is no {path}'


def read(path, num):
    text = f'{num} names in ' + str(path)
    if num < 0:
        raise ValueError(f'num must be positive, got {num:.1f}: ' 'add some')
    if num > 9:
        raise OSError(text) from None
    if num > 8:
        raise LostError(path)
    if num > 7:
        raise KeyError('key')
    if num > 6:
        raise TypeError(_NO_NAME.format(file=path))
    if num > 5:
        raise IndexError('no more ' + ('rows' if num > 6 else 'names'))
    raise FileNotFoundError(reason(path))
"""


@pytest.fixture
def found(tmp_path):
    """Messages of a tree of one module and one tool."""
    for name, text in {
        'hirl_mm/files/names.py': SOURCE,
        'tools/names.py': "parser.error('--num needs a number')\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return PAGE['error_messages'](tmp_path)


def test_messages_of_a_module(found):
    assert found.pop('hirl_mm/files/names.py') == [
        ('LostError', '… is lost'),
        ('ValueError', 'num must be positive, got …: add some'),
        ('OSError', '… names in …'),
        ('TypeError', 'no name in …'),
        ('IndexError', 'no more rows'),
        ('IndexError', 'no more names'),
        ('FileNotFoundError', 'there is no …'),
        ('FileNotFoundError', '… is no list'),
    ]
    assert found == {
        'tools/names.py': [('command line', '--num needs a number')]
    }


@pytest.fixture(scope='module')
def page():
    return PAGE['error_page']()


@pytest.mark.parametrize(
    ('module', 'line'),
    [
        (
            'hirl_mm/clustering/kmeans.py',
            'ValueError: `` init must have shape …, one row per cluster, '
            'got … ``\n',
        ),
        (
            'hirl_mm/checkpoints/reader.py',
            'UntrustedCheckpointError: `` … holds more than tensors',
        ),
        ('tools/train.py', 'command line: `` there is no config file … ``\n'),
    ],
)
def test_messages_of_the_project(page, module, line):
    part = page.split(f'**`{module}`**\n')[1].split('**')[0]
    assert f'\n- {line}' in part


def test_nothing_is_empty(page):
    lines = [line for line in page.splitlines() if line]
    for before, line in zip(lines, lines[1:] + ['## '], strict=True):
        if before.startswith('## '):
            assert line.startswith('**'), before
        if before.startswith('**'):
            assert re.match(r'- (\w+|command line): `` .*\w.* ``$', line), (
                before
            )


def test_a_raised_error_is_found_by_its_words():
    with pytest.raises(ValueError) as error:
        kmeans(torch.zeros(3, 2), 4)
    texts = {
        '.*'.join(map(re.escape, text.split('…'))): text
        for found in PAGE['error_messages']().values()
        for _, text in found
    }
    assert len(texts) > 700
    (text,) = [
        text
        for form, text in texts.items()
        if re.fullmatch(form, str(error.value))
    ]
    assert text.startswith('num_clusters must lie between 1 and')
