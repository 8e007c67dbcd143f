"""What is told of running trainings."""

from types import SimpleNamespace

from hirl_mm.studies.grid.progress_lines import ProgressLines, progress_line

LINE = (
    '2026/11/27 21:51:59 - mmengine - INFO - Epoch(train) [{}][ 93/112]  '
    'lr: 1.4e-07  eta: {}  time: 0.0920  data_time: 0.0040  loss: {}  '
    'loss_ssl: 9.0  waiting_share: 0.05\n'
)


def run_in(folder, text):
    (folder / 'train.log').write_text(text)
    return SimpleNamespace(folder=folder, key='a')


def test_last_epoch_of_a_log(tmp_path):
    first, last = LINE.format(7, '0:02:13', 4.971), LINE.format(8, 'x', 'nan')
    days = LINE.format(' 9', '1 day, 2:00:00', '-3.5')
    run = run_in(tmp_path, 'warning\n' + first)
    assert progress_line(run) == 'epoch 7, eta: 0:02:13, loss 4.97'
    run = run_in(tmp_path, first + last + 'HIRL tree of epoch 9\n')
    assert progress_line(run) == 'epoch 8, eta: x, loss nan'
    run = run_in(tmp_path, first + 20000 * ' ' + '\n' + days)
    assert progress_line(run) == 'epoch 9, eta: 1 day, 2:00:00, loss -3.50'


def test_log_without_an_epoch(tmp_path):
    assert progress_line(SimpleNamespace(folder=tmp_path)) is None
    assert progress_line(run_in(tmp_path, 'starting\n')) is None


def test_nothing_is_told_twice(tmp_path):
    run = run_in(tmp_path, LINE.format(1, 'x', 1.0))
    lines = ProgressLines(seconds=0)
    assert [line for _, line in lines.new([run])] == [
        'epoch 1, eta: x, loss 1.00'
    ]
    assert not list(lines.new([run]))
    run_in(tmp_path, LINE.format(2, 'x', 1.0))
    ((told, line),) = lines.new([run])
    assert told is run and line.startswith('epoch 2')
    assert not list(ProgressLines(seconds=1000).new([run]))
