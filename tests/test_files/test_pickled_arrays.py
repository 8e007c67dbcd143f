"""Arrays of pickles hold numbers, whatever the pickle says."""

import io
import pickle

import numpy as np
import pytest
import torch

from hirl_mm.checkpoints import UntrustedCheckpointError, read_checkpoint
from hirl_mm.files.pickled_arrays import PickledArray, array_globals
from tests.hostile_files import Call

RECONSTRUCT, SCALAR = (
    np.empty(0).__reduce__()[0],
    np.float64(0).__reduce__()[0],
)
# NumPy takes addresses of zero for None: a failing test crashes nothing.
ADDRESSES = bytes(16)


class State(Call):
    """Unpickling it calls a function and sets the state of the result."""

    def __init__(self, call, state):
        self.call = call.call + (state,)


class Arrays(pickle.Unpickler):
    def find_class(self, module, name):
        return array_globals()[f'{module}.{name}']


def unpickled(content):
    return Arrays(io.BytesIO(content), encoding='bytes').load()


@pytest.mark.parametrize('protocol', range(3, 6))
@pytest.mark.parametrize(
    'array',
    [
        np.arange(6, dtype='<i4').reshape(2, 3),
        np.asfortranarray(np.arange(6.0, dtype='>f8').reshape(2, 3)),
        np.array([True, False]),
        np.ones((0, 3), np.float16),
        np.uint8(7),
    ],
    ids=str,
)
def test_arrays_of_numbers(array, protocol):
    content = pickle.dumps(array, min(protocol, 4))
    found = unpickled(content)
    np.testing.assert_array_equal(found, array)
    # NumPy, too, may change the order of bytes.
    assert found.dtype.str[1:] == array.dtype.str[1:]
    # Other programs read what is written of it.
    again = pickle.loads(pickle.dumps(found, protocol))
    assert type(again) is type(array)
    np.testing.assert_array_equal(again, array)


def objects():
    """Calls that make arrays of objects from bytes, by NumPy's classes."""
    kind = Call(np.dtype, 'O')
    empty = Call(RECONSTRUCT, np.ndarray, (0,), b'b')
    number = Call(np.dtype, 'f8', False, True)
    flagged = State(number, (3, '<', None, None, None, 8, 8, 63))
    return {
        'called': Call(np.ndarray, (2,), kind, ADDRESSES),
        'called by name': Call(np.ndarray, (2,), 'O', ADDRESSES),
        'type': kind,
        'fields': Call(np.dtype, [('a', 'O')]),
        'named': Call(np.dtype, 'f8,O'),
        'state': State(empty, (1, (2,), kind, False, ADDRESSES)),
        'list': State(empty, (1, (1,), number, False, [b'A'])),
        'no array': Call(RECONSTRUCT, np.dtype, (0,), b'b'),
        'scalar': Call(SCALAR, kind, ADDRESSES),
        'numbers by a call': Call(np.ndarray, (2,), flagged, ADDRESSES),
    }


@pytest.mark.parametrize('way', objects())
def test_no_objects_from_bytes(way, tmp_path):
    hostile = objects()[way]
    with pytest.raises((pickle.UnpicklingError, TypeError)):
        unpickled(pickle.dumps(hostile))
    torch.save(dict(more=hostile), tmp_path / 'hostile.pth')
    with pytest.raises((UntrustedCheckpointError, OSError)):
        read_checkpoint(tmp_path / 'hostile.pth')


def test_flags_of_a_type_do_not_count(tmp_path):
    """NumPy takes them: an array of numbers then frees its bytes."""
    number = Call(np.dtype, 'f8', False, True)
    flagged = State(number, (3, '<', None, None, None, 8, 8, 63))
    array = State(
        Call(RECONSTRUCT, np.ndarray, (0,), b'b'),
        (1, (2,), flagged, False, ADDRESSES),
    )
    torch.save(dict(more=array), tmp_path / 'flags.pth')
    for found in (
        unpickled(pickle.dumps(array)),
        read_checkpoint(tmp_path / 'flags.pth')['more'],
    ):
        assert type(found) is PickledArray
        assert not found.dtype.hasobject
        assert found.tobytes() == ADDRESSES
