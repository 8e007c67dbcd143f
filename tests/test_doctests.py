"""The examples in the docstrings of the package run as printed."""

import doctest
import importlib

import pytest

from tests.runs import ROOT

MODULES = sorted(
    '.'.join(path.relative_to(ROOT).with_suffix('').parts)
    for path in (ROOT / 'hirl_mm').rglob('*.py')
    if '>>> ' in path.read_text()
)


@pytest.mark.parametrize('name', MODULES)
def test_examples_of(name, tmp_path, monkeypatch):
    """In a folder of their own, with the names of their module."""
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name.removesuffix('.__init__'))
    there = sum(
        len(test.examples) for test in doctest.DocTestFinder().find(module)
    )
    found = doctest.testmod(module, optionflags=doctest.FAIL_FAST)
    assert (found.failed, found.attempted) == (0, there), 'none is skipped'
    assert there
