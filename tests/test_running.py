"""How tools end: hirl_mm.options.run_tool."""

import logging
import sys

import pytest
import torch
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from hirl_mm.options import ToolParser, run_tool, sentence
from hirl_mm.tables import printable
from tests.runs import ROOT
from tests.training_tool import start

CONFIG = ROOT / 'configs/demo/hirl-mocov2_resnet18_1xb64-20e_digits.py'


def parse(*words):
    return lambda: ToolParser(prog='tool').parse_args(words)


def slip(args):
    return None + 1


def test_a_foreign_error_is_one_line(capsys):
    with pytest.raises(SystemExit) as ended:
        run_tool(parse(), slip)
    assert ended.value.code == (
        'error: TypeError: unsupported operand type(s) for +: '
        "'NoneType' and 'int' (--debug shows where)"
    )


def test_a_slip_of_this_project_keeps_its_class():
    with pytest.raises(TypeError) as raised:
        printable(5)
    said = "TypeError: 'int' object is not iterable (--debug shows where)"
    assert sentence(raised.value) == said


def test_debug_shows_the_traceback():
    with pytest.raises(TypeError, match='unsupported'):
        run_tool(parse('--debug'), slip)


@pytest.mark.parametrize('status', [None, 0])
def test_success_returns(status):
    run_tool(parse(), lambda args: status)


def test_status_of_a_tool_and_its_options():
    with pytest.raises(SystemExit) as ended:
        run_tool(parse('--debug'), lambda args: 3 + len(vars(args)))
    assert ended.value.code == 3


def test_names_that_are_no_utf8_are_printed(capsys):
    run_tool(parse(), lambda args: print('to men\udcfa/ü.png'))
    assert capsys.readouterr().out == 'to men\\udcfa/ü.png\n'


def test_wrong_command_line_has_no_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        run_tool(parse('--nothing'), slip)
    assert ended.value.code == 2
    error = 'error: unrecognized arguments: --nothing (--help shows all '
    assert capsys.readouterr().err == error + 'options)\n'


def test_the_log_file_has_the_traceback(tmp_path):
    logger = MMLogger.get_instance('run', log_file=str(tmp_path / 'run.log'))
    try:
        with pytest.raises(SystemExit):
            run_tool(parse(), slip)
    finally:
        for handler in logger.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.close()
        MMLogger._instance_dict.pop('run')
    text = (tmp_path / 'run.log').read_text()
    assert 'Traceback (most recent call last)' in text
    assert 'return None + 1' in text


def test_long_foreign_errors_are_cut():
    said = sentence(RuntimeError('keys:\n' + 'a ' * 5000))
    assert said.startswith('RuntimeError: keys: a a')
    assert said.endswith('a ... (--debug shows where)') and len(said) < 650


class Bad(torch.utils.data.Dataset):
    """Raises an error for its only sample, in a worker."""

    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise self.error


@pytest.mark.parametrize(
    ('error', 'said'),
    [
        (OSError('cannot read a.png'), 'cannot read a.png'),
        (ValueError('odd'), 'ValueError: odd (--debug shows where)'),
    ],
)
def test_errors_of_workers(error, said):
    with pytest.raises(type(error)) as raised:
        next(iter(DataLoader(Bad(error), num_workers=1)))
    assert 'Original Traceback' in str(raised.value)
    assert sentence(raised.value) == said


@pytest.mark.slow
def test_a_training_as_users_start_it(tmp_path):
    """The sentence is last, below a few lines of the log."""
    options = '--cfg-options', 'train_dataloader.dataset.data_root=/nowhere'
    words = 'tools/train.py', CONFIG, '--work-dir', tmp_path, *options
    run = start(sys.executable, *words)
    assert run.returncode == 1
    *before, last = run.stdout.splitlines()
    assert last.startswith('error: there is no folder /nowhere/train: set')
    assert 'Traceback' not in run.stdout and 'queue_len' not in run.stdout
    assert len(before) < 10
    (log,) = tmp_path.glob('*/*.log')
    text = log.read_text()
    assert 'Config:' in text and 'System environment:' in text
    assert 'Traceback (most recent call last)' in text
