import json
from pathlib import Path

import pytest

from hirl_mm.datasets.taxonomy.hierarchy import load_hierarchy
from hirl_mm.datasets.toy import write_digits, write_shapes
from tests.image_folders import TINY, contents, never


def test_record(digits):
    assert json.loads((digits / 'dataset.json').read_text()) == {
        'dataset': 'digits',
        'parameters': {
            'image_size': 32,
            'num_val': 297,
            'seed': 0,
            'version': 1,
        },
        'contents': {'train': 1500, 'val': 297},
    }


def test_reuse(digits, tmp_path):
    assert write_digits(str(digits), progress=never) == digits
    link = tmp_path / 'link'
    link.symlink_to(digits)
    assert write_digits(link, progress=never) == link


@pytest.mark.parametrize('error', [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize('write', [write_digits, write_shapes])
def test_interruption_leaves_nothing(tmp_path, write, error):
    def interrupted(jobs):
        yield from jobs[:20]
        written = list(tmp_path.rglob('*.png'))
        assert len(written) == 20
        assert not (tmp_path / 'deep' / 'data' / 'train').exists()
        raise error('stop')

    with pytest.raises(error, match='stop'):
        write(tmp_path / 'deep' / 'data', progress=interrupted)
    assert not any((tmp_path / 'deep').iterdir())


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / 'disk').mkdir()
    (tmp_path / 'data').symlink_to(tmp_path / 'disk')
    root = write_shapes(tmp_path / 'data', **TINY)
    assert root.is_symlink()
    assert (tmp_path / 'disk' / 'dataset.json').is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ['data', 'disk']


def test_two_writers_at_once(tmp_path):
    def write_between(seed):
        def progress(jobs):
            yield from jobs[:20]
            write_shapes(root, **TINY, seed=seed)
            yield from jobs[20:]

        return progress

    root = tmp_path / 'same'
    assert write_shapes(root, **TINY, progress=write_between(0)) == root
    root = tmp_path / 'other'
    with pytest.raises(FileExistsError, match='seed=0.*found .*seed=1'):
        write_shapes(root, **TINY, progress=write_between(1))
    assert sorted(p.name for p in tmp_path.iterdir()) == ['other', 'same']


def test_other_parameters_or_data_set(digits):
    match = r'asked for digits\(.*seed=1.*found digits\(.*seed=0.*delete this'
    with pytest.raises(FileExistsError, match=match):
        write_digits(digits, seed=1)
    with pytest.raises(FileExistsError, match=r'for shapes\(.*found digits'):
        write_shapes(digits)


@pytest.mark.parametrize(
    'lost', ['train/tee-dotted/00001.png', 'hierarchy.json']
)
def test_lost_files(tmp_path, lost):
    root = write_shapes(tmp_path / 'shapes', **TINY)
    (root / lost).unlink()
    match = r'files lost or added \((71 of 72 in train|0 of 1 in hier).*delete'
    with pytest.raises(FileExistsError, match=match):
        write_shapes(root, **TINY)


@pytest.mark.parametrize('record', [None, '{', '[]', '{"a": 1}'])
def test_foreign_folder_is_left_alone(tmp_path, record):
    (tmp_path / 'photo.png').write_bytes(b'mine')
    if record is not None:
        (tmp_path / 'dataset.json').write_text(record)
    before = contents(tmp_path)
    match = r'found other files\. Choose another folder\.$'
    with pytest.raises(FileExistsError, match=match):
        write_digits(tmp_path)
    assert contents(tmp_path) == before


def test_root_is_a_file(tmp_path):
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(FileExistsError, match='found a file'):
        write_digits(tmp_path / 'file')
    assert (tmp_path / 'file').read_text() == 'mine'


def test_mmpretrain_reads_the_folder(shapes):
    datasets = pytest.importorskip('mmpretrain.datasets')
    dataset = datasets.CustomDataset(
        data_root=str(shapes), data_prefix='val', with_label=True
    )
    assert len(dataset) == 216
    hierarchy = load_hierarchy(shapes / 'hierarchy.json')
    assert tuple(dataset.CLASSES) == hierarchy.names('fine')
    info = dataset.get_data_info(212)
    name = hierarchy.names('fine')[info['gt_label']]
    assert Path(info['img_path']).parent.name == name
