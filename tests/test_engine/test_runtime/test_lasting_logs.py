"""Logs whose folder is removed, or whose disk is full."""

import shutil

import pytest
from mmengine.logging import MMLogger
from mmengine.visualization import LocalVisBackend

from hirl_mm.engine.runtime.lasting_logs import (
    LastingLogFile,
    LastingScalars,
    with_lasting_scalars,
)
from hirl_mm.files import FullDiskError
from tests.disks import fill, small_disk
from tests.logged import warnings_of

LOCAL = dict(type=LastingScalars, name='LocalVisBackend')


@pytest.fixture
def log(tmp_path):
    """The current logger, with a lasting file, and the file."""
    file = tmp_path / 'disk/run/log'
    with small_disk(tmp_path / 'disk', '64k'):
        file.parent.mkdir()
        logger = MMLogger.get_instance(str(file), log_file=str(file))
        logger.handlers[-1] = LastingLogFile(logger.handlers[-1])
        yield logger, file
        logger.handlers.pop().close()


def test_an_ordinary_file(log):
    logger, file = log
    logger.info('one')
    logger.info('two')
    lines = file.read_text().splitlines()
    assert [line.split(' - ')[2:] for line in lines] == [
        ['INFO', 'one'],
        ['INFO', 'two'],
    ]
    logger.debug('three')
    assert len(file.read_text().splitlines()) == 2


@pytest.mark.parametrize('what', ['file', 'folder'])
def test_a_removed_file_is_made_again(what, log):
    logger, file = log
    logger.info('one')
    if what == 'folder':
        shutil.rmtree(file.parent)
    else:
        file.unlink()
    with warnings_of(logger) as said:
        logger.info('two')
        logger.info('three')
    assert said == [
        f'the log file {file} was removed, and is made again: what it held '
        'is lost'
    ]
    text = file.read_text()
    assert 'one' not in text
    assert text.index('two') < text.index('removed') < text.index('three')


def test_a_full_disk_is_said_once(log, capsys):
    logger, file = log
    filled = fill(file.parents[1])
    with warnings_of(logger) as said:
        for _ in range(3):
            logger.info('long ' * 1000)
    assert said == [
        f'the log file {file} cannot be written: No space left on device'
    ]
    assert not capsys.readouterr().err
    filled.unlink()
    logger.info('end')
    assert file.read_text().endswith(' - INFO - end\n')


def test_other_errors_are_shown(log, capsys):
    logger, _ = log
    logger.handlers = logger.handlers[-1:]
    logger.info('%d', 'no number')
    assert 'TypeError' in capsys.readouterr().err


def test_scalars_of_a_removed_folder(tmp_path):
    scalars = LastingScalars(str(tmp_path / 'run'))
    scalars.add_scalars(dict(loss=1))
    shutil.rmtree(tmp_path / 'run')
    scalars.add_scalars(dict(loss=2), step=3)
    file = tmp_path / 'run/scalars.json'
    assert file.read_text() == '{"loss": 2, "step": 3}\n'


def test_scalars_on_a_full_disk_keep_whole_lines(tmp_path):
    with small_disk(tmp_path / 'disk', '64k') as disk:
        scalars = LastingScalars(str(disk))
        file = disk / 'scalars.json'
        line = dict.fromkeys(map(str, range(1000)), 1)
        scalars.add_scalars(line)
        before = file.read_text()
        fill(disk)
        text = f'for {file}: it needs more than the 0.00 MB that were free'
        with pytest.raises(FullDiskError, match=text):
            scalars.add_scalars(line)
        assert file.read_text() == before


def test_which_backends_are_replaced():
    other = dict(type='TensorboardVisBackend')
    backend = LocalVisBackend('nowhere')
    for kind in ('LocalVisBackend', 'mmengine.LocalVisBackend'):
        given = dict(type='V', vis_backends=[dict(type=kind), other, backend])
        assert with_lasting_scalars(given) == dict(
            type='V', vis_backends=[LOCAL, other, backend]
        )
        assert given['vis_backends'][0] == dict(type=kind)
    given = dict(vis_backends=dict(type='LocalVisBackend', save_dir='there'))
    assert with_lasting_scalars(given)['vis_backends'] == [
        dict(LOCAL, save_dir='there')
    ]
    assert with_lasting_scalars(dict(type='V'))['vis_backends'] == []
    assert with_lasting_scalars(None) == dict(
        type='Visualizer', vis_backends=[LOCAL]
    )
