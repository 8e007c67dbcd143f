"""Browsers of the system: tests run in each one that is installed."""

import importlib.util
import shutil

import pytest

from tests import chromium, firefox

BROWSERS = {
    'chromium': (chromium.Chromium, chromium.PROGRAMS),
    'firefox': (firefox.Firefox, firefox.PROGRAMS),
}


def browser_or_skip(name):
    """A browser; the test is skipped where it is not installed."""
    start, programs = BROWSERS[name]
    if importlib.util.find_spec('selenium') is None:
        pytest.skip('selenium is not installed')
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f'the system has no {program}')
    return start()
