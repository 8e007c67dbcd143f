"""What is read from checkpoints, and what is refused."""

import os
import pickle
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import load_from_local

import hirl_mm.engine  # noqa: F401
from hirl_mm.checkpoints import (
    UntrustedCheckpointError,
    read_checkpoint,
    tree_in,
)
from hirl_mm.checkpoints.portable import restore_log
from hirl_mm.checkpoints.reader import NO_WEIGHTS_ONLY
from tests.hostile_files import Call, add_code
from tests.runs import run, small_config

WEIGHTS = {'w': torch.arange(6.0).reshape(2, 3)}


@pytest.fixture(scope='module')
def trained(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp('trained')
    run(small_config(digits, folder, epochs=2))
    # As MMEngine and earlier versions of this project write it.
    checkpoint = torch.load(folder / 'epoch_2.pth')
    restore_log(checkpoint)
    torch.save(checkpoint, folder / 'epoch_2.pth')
    return folder


def test_logs_of_a_run_are_read(trained):
    found = read_checkpoint(trained / 'epoch_2.pth')
    given = torch.load(trained / 'epoch_2.pth', weights_only=False)
    assert found.keys() == given.keys()
    for key, value in given['state_dict'].items():
        assert torch.equal(found['state_dict'][key], value)
    logs = found['message_hub']['log_scalars']
    assert set(logs) == set(given['message_hub']['log_scalars'])
    for key, log in given['message_hub']['log_scalars'].items():
        assert logs[key].data[0].tolist() == log.data[0].tolist()
        assert logs[key].statistics('mean') == log.statistics('mean')
    assert tree_in(found).num_prototypes == (12, 4, 2)


def test_a_run_resumes_through_the_loader_of_mmengine(
    trained, digits, tmp_path
):
    assert CheckpointLoader._schemes[''] is load_from_local
    # As a tool does before the run.
    read_checkpoint(trained / 'epoch_2.pth')
    cfg = small_config(digits, tmp_path, epochs=3)
    cfg.resume, cfg.load_from = True, str(trained / 'epoch_2.pth')
    assert run(cfg).epoch == 3
    assert CheckpointLoader._schemes[''] is load_from_local


def test_reading_changes_nothing_for_others(tmp_path):
    torch.save(WEIGHTS, tmp_path / 'plain.pth')
    before = set(torch.serialization.get_safe_globals())
    read_checkpoint(tmp_path / 'plain.pth')
    assert set(torch.serialization.get_safe_globals()) == before


@pytest.mark.parametrize(
    'array',
    [np.arange(3), np.ones(2, np.float32), np.array([True]), np.float64(0.5)],
)
@pytest.mark.parametrize('core', [b'numpy.core.', b'numpy._core.'])
def test_arrays_of_both_numpys(array, core, tmp_path):
    torch.save(dict(array=array), tmp_path / 'array.pth')
    content = (tmp_path / 'array.pth').read_bytes()
    name = b'numpy.core.' if b'numpy.core.' in content else b'numpy._core.'
    rewrite(tmp_path / 'array.pth', tmp_path / 'other.pth', name, core)
    found = read_checkpoint(tmp_path / 'other.pth')['array']
    assert np.array_equal(found, array)
    assert found.dtype == array.dtype


def rewrite(source, target, old, new):
    """Replace bytes in the pickle of a checkpoint."""
    with torch.serialization._open_zipfile_reader(str(source)) as reader:
        record = reader.get_record('data.pkl')
    with torch.serialization._open_zipfile_writer(str(target)) as writer:
        record = record.replace(old, new)
        writer.write_record('data.pkl', record, len(record))


def test_tensors_of_a_file_stay_on_disk_until_they_are_used(tmp_path):
    torch.save({'w': torch.ones(25_000_000)}, tmp_path / 'large.pth')
    before = resident()
    weights = read_checkpoint(tmp_path / 'large.pth')['w']
    assert resident() - before < 20e6
    assert weights.sum() == 25_000_000


def resident():
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE')


def test_old_format(tmp_path):
    path = tmp_path / 'old.pth'
    torch.save(WEIGHTS, path, _use_new_zipfile_serialization=False)
    assert torch.equal(read_checkpoint(path)['w'], WEIGHTS['w'])


@pytest.mark.parametrize('new_format', [True, False])
def test_code_runs_only_with_trust(new_format, tmp_path):
    marker = tmp_path / 'code_ran'
    path = add_code(WEIGHTS, marker, tmp_path / 'hostile.pth', new_format)
    with pytest.raises(UntrustedCheckpointError) as caught:
        read_checkpoint(path)
    text = str(caught.value)
    assert text.startswith(f'{path} holds more than tensors')
    assert re.search(r': _?io\.open\. ', text)
    assert '--trust-checkpoint' in text
    assert '\n' not in text
    assert not marker.exists()
    assert torch.equal(read_checkpoint(path, trust=True)['w'], WEIGHTS['w'])
    assert marker.exists()


def test_calls_of_the_system_are_named(tmp_path):
    call = Call(os.mkdir, str(tmp_path / 'code_ran'))
    torch.save(dict(WEIGHTS, more=call), tmp_path / 'hostile.pth')
    with pytest.raises(UntrustedCheckpointError, match=r': posix\.mkdir\. '):
        read_checkpoint(tmp_path / 'hostile.pth')
    assert not (tmp_path / 'code_ran').exists()


@pytest.mark.parametrize(
    'owner, name',
    [
        (HistoryBuffer, '__init__'),
        (HistoryBuffer, 'register_statistics'),
        (np.ndarray, 'tofile'),
        (getattr, '__self__'),
    ],
)
def test_getattr_opens_no_way_to_other_objects(owner, name, tmp_path):
    torch.save(dict(more=Call(getattr, owner, name)), tmp_path / 'getattr.pth')
    with pytest.raises(UntrustedCheckpointError, match=r'builtins\.getattr'):
        read_checkpoint(tmp_path / 'getattr.pth')
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / 'getattr.pth', weights_only=True)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no checkpoint .*gone.pth'):
        read_checkpoint(tmp_path / 'gone.pth')


@pytest.mark.parametrize('trust', [False, True])
def test_half_a_file_and_other_files(trust, tmp_path):
    file = tmp_path / 'broken.pth'
    torch.save(torch.ones(1000), file)
    for content in (b'half a file', file.read_bytes()[:2000], b''):
        file.write_bytes(content)
        with pytest.raises(OSError, match='broken.pth (cannot|is inc)') as e:
            read_checkpoint(file, trust)
        assert 'an earlier' in str(e.value)


def test_no_dict(tmp_path):
    torch.save([1], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match=r'list.pth holds a list, not a dict'):
        read_checkpoint(tmp_path / 'list.pth')


@pytest.fixture
def server(tmp_path):
    """The address of a folder."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{http.server_port}'
        http.shutdown()


def test_address(server, tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv(NO_WEIGHTS_ONLY, '1')
    torch.save(WEIGHTS, tmp_path / 'plain.pth')
    found = read_checkpoint(f'{server}/plain.pth')
    assert torch.equal(found['w'], WEIGHTS['w'])
    marker = tmp_path / 'code_ran'
    add_code(WEIGHTS, marker, tmp_path / 'hostile.pth')
    with pytest.raises(UntrustedCheckpointError, match='--trust-checkpoint'):
        read_checkpoint(f'{server}/hostile.pth')
    assert not marker.exists()
    read_checkpoint(f'{server}/hostile.pth', trust=True)
    assert marker.exists()
    assert os.environ[NO_WEIGHTS_ONLY] == '1'
