"""Commands that are printed for people to type."""

import sys

import pytest

from hirl_mm.studies.tool_command import TOOLS, tool_command


@pytest.fixture
def with_mim(tmp_path, monkeypatch):
    (tmp_path / 'mim.py').write_text('')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, 'mim', raising=False)


@pytest.fixture
def without_mim(monkeypatch):
    monkeypatch.setitem(sys.modules, 'mim', None)


@pytest.fixture
def installed(tmp_path):
    """Tools of a package: files, not a link to those of a checkout."""
    tools = tmp_path / 'hirl_mm/.mim/tools'
    tools.mkdir(parents=True)
    return tools


def test_of_a_checkout(with_mim, monkeypatch):
    root = TOOLS.resolve().parent
    monkeypatch.chdir(root)
    assert tool_command('assign') == ['python', 'tools/assign.py']
    monkeypatch.chdir(root / 'docs')
    assert tool_command('assign') == ['python', f'{root}/tools/assign.py']


def test_of_a_package(with_mim, installed):
    words = tool_command('assign', installed)
    assert words == ['mim', 'run', 'hirl_mm', 'assign']


def test_of_a_package_without_mim(without_mim, installed):
    words = tool_command('assign', installed)
    assert words == ['python', f'{installed}/assign.py']
