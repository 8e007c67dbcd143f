import runpy
import sys

import pytest

from tests.runs import ROOT
from tests.test_bad_input.sound_input import furnish


@pytest.fixture(scope='session')
def sound(tmp_path_factory):
    return furnish(tmp_path_factory.mktemp('sound'))


@pytest.fixture
def said(sound, monkeypatch, capsys, tmp_path):
    """A function that runs a tool in this process, which must fail.

    It returns what the tool says last on stderr, without ``error: ``, with
    ``~`` for the folder of the test and ``SOUND`` for that of sound inputs.
    """

    def use(name, *words):
        path = str(ROOT / f'tools/{name}.py')
        monkeypatch.setattr(sys, 'argv', [path, *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(path, run_name='__main__')
        line = ended.value.code
        if isinstance(line, int):
            assert line != 0
            line = capsys.readouterr().err.removesuffix('\n')
        assert line.startswith('error: ') and '\n' not in line
        line = line.removeprefix('error: ').replace(str(tmp_path), '~')
        return line.replace(str(sound.folder), 'SOUND')

    return use
