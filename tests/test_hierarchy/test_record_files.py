"""Records in JSON lines and Parquet, also of hostile file names."""

import json
import os
import sys

import pytest
import torch

from hirl_mm.hierarchy.image_records import PATH_SCHEMA, path_records
from hirl_mm.hierarchy.plain_text import cell, printable
from hirl_mm.hierarchy.record_files import write_records
from hirl_mm.stack import StackError
from hirl_mm.structures import EmbeddedImages
from tests.trees import blobs, random_tree

HOSTILE = [
    'a "quoted" <script>alert(1)</script>.png',
    'two\nlines\x1b[31m.png',
    '🐈 \u202egnp.cat',
    os.fsdecode(b'\xff\xfe.png'),
    'plain.png',
]
SCHEMA = dict(
    file='text', n='integer', x='number', ok='flag', path='integer[]'
)


def batch(files):
    num = len(files)
    return dict(
        file=files,
        n=list(range(num)),
        x=[0.5] * num,
        ok=[True] * num,
        path=[[1, 2]] * (num - 1) + [None],
    )


def test_json_lines_hold_every_name(tmp_path):
    out = tmp_path / 'o.jsonl'
    assert write_records(out, SCHEMA, [batch(HOSTILE), batch(['b'])]) == 6
    assert out.read_bytes().isascii()
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [r['file'] for r in records] == [*HOSTILE, 'b']
    assert os.fsencode(records[3]['file']) == b'\xff\xfe.png'
    assert records[0] == dict(
        file=HOSTILE[0], n=0, x=0.5, ok=True, path=[1, 2]
    )
    assert records[4]['path'] is None and list(records[0]) == list(SCHEMA)


def test_parquet(tmp_path):
    parquet = pytest.importorskip('pyarrow.parquet', exc_type=ImportError)
    out = tmp_path / 'o.parquet'
    empty = {name: [] for name in SCHEMA}
    batches = [batch(HOSTILE), empty, batch(['b'])]
    assert write_records(out, SCHEMA, batches) == 6
    records = parquet.read_table(out).to_pylist()
    names = [*HOSTILE, 'b']
    names[3] = r'\xff\xfe.png'
    assert [r['file'] for r in records] == names
    assert records[4]['path'] is None and records[0]['path'] == [1, 2]
    assert records[0]['ok'] is True and records[1]['n'] == 1


def test_a_stopped_write_leaves_nothing(tmp_path):
    def stops():
        yield batch(HOSTILE)
        raise KeyboardInterrupt

    (tmp_path / 'o.jsonl').write_text('earlier')
    with pytest.raises(KeyboardInterrupt):
        write_records(tmp_path / 'o.jsonl', SCHEMA, stops())
    assert [p.name for p in tmp_path.iterdir()] == ['o.jsonl']
    assert (tmp_path / 'o.jsonl').read_text() == 'earlier'


def test_errors(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r'\.jsonl .* or \.parquet'):
        write_records(tmp_path / 'o.csv', SCHEMA, [])
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    with pytest.raises(StackError, match=r"pip install 'hirl_mm\[parquet\]'"):
        write_records(tmp_path / 'o.parquet', SCHEMA, [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('chunk_size', [3, 100])
def test_records_of_images(chunk_size, tmp_path):
    tree = random_tree((9, 3), dim=4)
    rows = blobs(8, 4, num_blobs=3)
    leaf = torch.tensor([0, 8, 2, -1, 2, 5, 7, 1])
    rows[3] = torch.nan
    files = [f'{i}.png' for i in range(8)]
    images = EmbeddedImages(tree, files, rows, leaf)
    out = tmp_path / 'paths.jsonl'
    records = path_records(images, chunk_size)
    assert write_records(out, PATH_SCHEMA, records) == 8
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [r['file'] for r in records] == files
    assert records[3] == dict(file='3.png', path=None, similarity=None)
    for i in (0, 1, 7):
        path = tree.paths(leaf[i]).tolist()
        cosine = [
            float(tree.centroids[level][node] @ rows[i])
            for level, node in enumerate(path)
        ]
        assert records[i]['path'] == path
        assert records[i]['similarity'] == pytest.approx(cosine, abs=1e-6)


def test_texts_for_terminals_and_tables():
    for name in HOSTILE:
        assert printable(name).isprintable()
    assert printable('plain ünï.png') == 'plain ünï.png'
    assert cell('a|b\n') == r'a\|b\\n'
