"""The soak: what is counted, its slopes, and a run that goes on."""

import threading

import pytest
from scipy import stats

from benchmarks.common.usage import usage
from benchmarks.epochs.soak import read_rows
from benchmarks.epochs.soak_slopes import slopes, slopes_table


def rows_of(values, process=1, first=1):
    return [
        dict(epoch=epoch, process=process, resident_memory=value)
        for epoch, value in enumerate(values, first)
    ]


def test_only_the_last_half_counts():
    rows = rows_of([*range(0, 12_000, 1000), *(5 + i / 4 for i in range(12))])
    (of,) = slopes(rows).values()
    assert of['slope'] == pytest.approx(25)
    assert [of['low'], of['high']] == pytest.approx([25, 25])
    assert of['mean'] == pytest.approx(6.375)


def test_interval_is_that_of_a_regression():
    noisy = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
    of = slopes(rows_of([0] * 12 + noisy))['resident_memory']
    peer = stats.linregress(range(12), noisy)
    margin = stats.t.ppf(0.975, 10) * peer.stderr
    assert of['slope'] == pytest.approx(100 * peer.slope)
    assert of['low'] == pytest.approx(100 * (peer.slope - margin))
    assert of['high'] == pytest.approx(100 * (peer.slope + margin))


def test_epochs_that_are_alike_in_a_row_count_as_one():
    """A step every 10 epochs: as many blocks as it has steps tell it."""
    steps = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4]
    epochs = [value for value in steps for _ in range(10)]
    of = slopes(rows_of([0] * 200 + epochs))['resident_memory']
    peer = stats.linregress(range(20), steps)
    margin = stats.t.ppf(0.975, 18) * peer.stderr
    assert of['slope'] == pytest.approx(10 * peer.slope)
    assert of['high'] == pytest.approx(10 * (peer.slope + margin))


def test_processes_have_one_slope_and_their_own_levels():
    """And each its first ten epochs, which do not count."""
    first = rows_of(range(25))
    fills = rows_of(range(0, 1000, 100), process=2, first=26)
    second = rows_of([-50, -49, -48, -47, -46], process=2, first=36)
    of = slopes(first + fills + second)['resident_memory']
    assert of['slope'] == pytest.approx(100)
    assert of['high'] - of['low'] == pytest.approx(0, abs=1e-9)


def test_too_few_epochs_tell_no_slope_or_no_interval():
    for num, known in ((10, 0), (11, 0), (12, 1), (13, 3)):
        (of,) = slopes(rows_of([*range(num)])).values()
        ends = [of[name] for name in ('slope', 'low', 'high')]
        assert len(ends) - ends.count(None) == known
        told = slopes_table(dict(resident_memory=of)).count('too few epochs')
        assert told == (2, 1, None, 0)[known]


def test_what_a_process_uses_is_counted(tmp_path):
    (tmp_path / 'folder').mkdir()
    before = usage(tmp_path)
    (tmp_path / 'folder/file').write_bytes(b'0' * 250_000)
    filled = bytearray(b'1' * 60_000_000)
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    with (tmp_path / 'folder/file').open():
        after = usage(tmp_path)
    go_on.set()
    thread.join()
    added = {name: after[name] - before[name] for name in before}
    assert added['open_files'] == added['threads'] == 1
    assert added['folder_files'] == 1
    assert added['folder_size'] == pytest.approx(0.25)
    assert added['resident_memory'] > len(filled) / 1e6 / 2


def test_a_row_that_was_cut_off_is_left_out(tmp_path):
    file = tmp_path / 'usage.jsonl'
    assert read_rows(file) == []
    file.write_text('{"epoch": 1}\n{"epoch": 2}\n{"epo')
    assert read_rows(file) == [dict(epoch=1), dict(epoch=2)]


def test_a_soak_that_was_stopped_goes_on(run_benchmark, tmp_path):
    folder = tmp_path / 'soak'
    _, report = run_benchmark('epochs.soak', '--work-dir', folder)
    assert [row['epoch'] for row in report['rows']] == [1, 2, 3, 4, 5, 6]
    # As if it had been killed between the checkpoint and its row.
    file = folder / 'usage.jsonl'
    file.write_text(file.read_text() + '{"epoch": 9, "process": 1}\n{"ep')
    options = ['--work-dir', folder, '--epochs', '8']
    tables, report = run_benchmark('epochs.soak', *options)
    rows = report['rows']
    assert [row['epoch'] for row in rows] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [row['process'] for row in rows] == [1] * 6 + [2] * 2
    assert '| resident memory | ' in tables
    assert (folder / 'soak.png').stat().st_size > 10_000
