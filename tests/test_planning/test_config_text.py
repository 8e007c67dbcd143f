"""Configs that are written, as MMEngine reads them again."""

import pytest
from mmengine.config import Config

from hirl_mm.planning.config_text import config_text, literal
from hirl_mm.planning.setting import Name, Setting

BASE = "base = 'kept'\nmodel = dict(type='A', head=dict(type='H', a=1, b=2))\n"


@pytest.fixture
def base(tmp_path):
    file = tmp_path / 'base.py'
    file.write_text(BASE + "word = 'text'\n")
    return file


def read(base, *settings, title='A title'):
    text = config_text(str(base), settings, Config.fromfile(base), title)
    assert text.isascii()
    # MMEngine reads the names of bases from the whole text.
    assert max(map(len, text.splitlines())) < 80 or 'base.py' in text
    file = base.parent / 'config.py'
    file.write_text(text)
    return Config.fromfile(file), text


@pytest.mark.parametrize(
    'value',
    [
        *(1, 0.5, None, True, (1,), (), [], {}, 'text', 1e-6),
        [dict(type='A', scale=(1, 2)), dict(type='B' * 90)],
        {'not a name': 1, 'lambda': 2, 'type': 'A' * 70},
        'quotes \' and "',
        'new\nline\rand tab\t',
        '\u202eright to left 😀 \udcff \\',
        '{{ fileDirname }} {{$HOME:x}} {{_base_.base}} {{{',
        "'''\n__import__('os').abort()\n'''",
    ],
)
def test_values_are_read_again(base, value):
    cfg, _ = read(base, Setting('deep.er', value), Setting('top', value))
    assert cfg.top == value and cfg.deep.er == value
    assert cfg.base == 'kept'
    assert eval(literal(value)) == value


def test_entries_are_merged_or_replaced(base):
    cfg, text = read(base, Setting('model.head.a', 5, 'a reason'))
    assert cfg.model.head == dict(type='H', a=5, b=2)
    assert '# A reason.\n' in text
    cfg, _ = read(base, Setting('model.head', dict(type='I'), whole=True))
    assert cfg.model.head == dict(type='I')
    # What the recipe does not have, or has as text.
    cfg, _ = read(base, Setting('new', dict(type='I'), whole=True))
    assert cfg.new == dict(type='I')
    cfg, _ = read(base, Setting('word', dict(type='I')))
    assert cfg.word == dict(type='I')


def test_names_refer_to_variables(base):
    images = Setting('images', dict(type='D'))
    use = Setting('loader.dataset', dict(a=Name('images')))
    assert read(base, images, use)[0].loader.dataset.a == dict(type='D')


def test_later_settings_win(base):
    assert read(base, Setting('x', 1), Setting('x', 2))[0].x == 2


def test_comments_hold_no_code(base):
    title = 'images of "\u202e\nimport os\r\nos.abort()" and {{ fileDirname }}'
    cfg, text = read(base, Setting('x', 1, 'why\nimport os'), title=title)
    assert cfg.x == 1
    lines = text.splitlines()
    assert all(
        line.startswith(('#', '_base_', 'x', '')) and 'abort' not in line
        for line in lines
        if not line.startswith('#')
    )
