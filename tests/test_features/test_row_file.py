"""Rows that are computed block by block and kept on disk."""

import json

import pytest
import torch

from hirl_mm.features.row_file import stored_rows

WHOLE = torch.randn(10, 3, generator=torch.Generator().manual_seed(0)).half()
FACTS = dict(checkpoint='a', sizes=(1, 2))


@pytest.fixture
def store(tmp_path):
    calls = []

    def run(stop_at=None, facts=FACTS, num=10, block_size=4):
        calls.clear()

        def compute(block):
            if block.start == stop_at:
                raise KeyboardInterrupt
            calls.append(list(block))
            return WHOLE[block.start : block.stop].float()

        rows = stored_rows(tmp_path / 'a', num, compute, facts, block_size)
        return rows, list(calls)

    store = run
    store.calls, store.folder = calls, tmp_path / 'a'
    return store


def test_rows_are_computed_once(store):
    rows, calls = store()
    assert calls == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert rows.dtype == torch.float16
    assert torch.equal(rows, WHOLE)
    again, calls = store()
    assert calls == [] and torch.equal(again, WHOLE)


def test_a_stopped_pass_goes_on(store):
    with pytest.raises(KeyboardInterrupt):
        store(stop_at=4)
    assert store.calls == [[0, 1, 2, 3]]
    rows, calls = store()
    assert calls == [[4, 5, 6, 7], [8, 9]]
    assert torch.equal(rows, WHOLE)


@pytest.mark.parametrize('change', [dict(checkpoint='b'), dict(new=1)])
def test_rows_of_something_else_are_replaced(store, change):
    store()
    _, calls = store(facts=FACTS | change)
    assert len(calls) == 3
    _, calls = store(facts=FACTS | change, num=9)
    assert sum(map(len, calls)) == 9


def test_a_stopped_replacement_does_not_count_as_the_old_rows(store):
    store()
    with pytest.raises(KeyboardInterrupt):
        store(stop_at=4, facts=dict(other=1))
    rows, calls = store()
    assert calls[0][0] == 0 and torch.equal(rows, WHOLE)


def test_rows_are_never_taken_for_those_that_were_there(store, monkeypatch):
    """A process dies after it has written rows, before it says so."""
    store()
    with monkeypatch.context() as patch:
        patch.setattr(
            'hirl_mm.features.row_file.replacing', lambda path: 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            store(facts=dict(other=1))
    _, calls = store()
    assert len(calls) == 3


@pytest.mark.parametrize('content', ['', '[]', '{"done": 10}', '{'])
def test_broken_state_counts_as_nothing(store, content):
    store()
    (store.folder / 'rows.json').write_text(content)
    _, calls = store()
    assert len(calls) == 3


def test_state_without_rows_counts_as_nothing(store):
    store()
    (store.folder / 'rows.npy').unlink()
    assert json.loads((store.folder / 'rows.json').read_text())['done'] == 10
    _, calls = store()
    assert len(calls) == 3


@pytest.mark.parametrize('part', [0, 1])
def test_damaged_rows_are_computed_again(store, part):
    """Those of a block that is read again, not of one to come."""
    with pytest.raises(KeyboardInterrupt):
        store(stop_at=8)
    file = store.folder / 'rows.npy'
    content = bytearray(file.read_bytes())
    place = content.index(WHOLE[4 * part].numpy().tobytes())
    content[place] ^= 1
    file.write_bytes(content)
    rows, calls = store()
    assert calls[0] == [0, 1, 2, 3]
    assert torch.equal(rows, WHOLE)


def test_rows_of_earlier_versions_have_no_checksum(store):
    with pytest.raises(KeyboardInterrupt):
        store(stop_at=8)
    file = store.folder / 'rows.json'
    state = json.loads(file.read_text())
    del state['crc32']
    file.write_text(json.dumps(state))
    rows, calls = store()
    assert calls == [[8, 9]]
    rows, calls = store()
    assert calls == [] and torch.equal(rows, WHOLE)
