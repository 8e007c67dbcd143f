"""Progress of work on items, in a terminal and in a log."""

import io

import pytest

from hirl_mm.progress import shown_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_log_gets_a_line_every_ten_seconds(monkeypatch):
    lines, now = [], [100.0]
    monkeypatch.setattr('time.monotonic', lambda: now[0])
    monkeypatch.setattr('sys.stderr', io.StringIO())
    for item in shown_progress(range(5), 'listing', lines.append):
        now[0] += 4
        assert item < 5
    assert lines == [
        'listing: 3/5, eta: 0:00:08',
    ]


def test_a_terminal_gets_a_bar(monkeypatch):
    lines, terminal = [], Terminal()
    monkeypatch.setattr('sys.stderr', terminal)
    monkeypatch.setenv('TERM', 'xterm')
    assert [*shown_progress('abc', 'listing', lines.append)] == [*'abc']
    assert lines == []
    shown = terminal.getvalue()
    assert 'listing' in shown
    assert '100%' in shown


@pytest.mark.parametrize('stderr', [Terminal, io.StringIO])
def test_nothing_to_do(stderr, monkeypatch):
    monkeypatch.setattr('sys.stderr', stderr())
    assert [*shown_progress([], 'listing', pytest.fail)] == []
