"""Every file that the package writes is read without running code."""

import runpy
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.models import ResNet

import hirl_mm
from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.datasets.listing.folder_scan import scan_folder
from hirl_mm.datasets.listing.scan_file import write_scan
from hirl_mm.datasets.shards.conversion import convert
from hirl_mm.features.row_file import stored_rows
from hirl_mm.structures import NeighborTable
from tests.bad_batches import Break
from tests.runs import ROOT, run, settle

pytestmark = pytest.mark.slow
# Modules that call torch.save or NumPy's functions, and files of the test
# that they have written.
WRITERS = {
    'hirl_mm/structures/tree_file.py': 'run/prototype_trees/epoch_2.pth',
    'hirl_mm/structures/neighbor_table.py': 'neighbors.pth',
    'hirl_mm/engine/bad_batches/kept_batch.py': 'run/bad_batches/*.pth',
    'hirl_mm/checkpoints/export.py': 'exported.pth',
    'hirl_mm/checkpoints/import_release.py': 'imported.pth',
    'tools/extract_features.py': 'features.pth',
    'hirl_mm/features/store.py': 'features.npy',
    'hirl_mm/features/row_file.py': 'rows/rows.npy',
    'hirl_mm/datasets/listing/scan_file.py': 'scan.npz',
    'hirl_mm/datasets/shards/shard_index.py': 'shards/shards.npz',
    # Gone when the conversion is done.
    'hirl_mm/datasets/shards/conversion.py': None,
}
SAVING = 'torch.save(', 'np.savez(', 'np.save(', 'open_memmap('
# MMEngine writes them, with entries of the hooks of this package.
CHECKPOINTS = 'run/iter_4.pth', 'run/iter_6.pth'


def test_no_writer_is_missing():
    files = [
        *(ROOT / 'tools').rglob('*.py'),
        *(ROOT / 'hirl_mm').rglob('*.py'),
    ]
    found = {
        str(file.relative_to(ROOT))
        for file in files
        if '.mim' not in file.parts
        for line in file.read_text().splitlines()
        if any(call in line for call in SAVING) and '>>>' not in line
    }
    assert found == set(WRITERS)


@pytest.fixture(scope='module')
def written(sound, tmp_path_factory):
    """A folder with a file of each kind."""
    folder = tmp_path_factory.mktemp('written')
    train(sound, folder / 'run')
    NeighborTable(torch.arange(9)[:, None]).save(folder / 'neighbors.pth')
    backbone = ResNet(18).state_dict()
    weights = {f'backbone.{key}': value for key, value in backbone.items()}
    torch.save(dict(state_dict=weights), folder / 'whole.pth')
    whole = folder / 'whole.pth'
    export_backbone(whole, 'torchvision', folder / 'exported.pth')
    import_checkpoint(folder / 'exported.pth', folder / 'imported.pth')
    words = sound.config, sound.checkpoint, '--out', folder / 'features.pth'
    extract(*words, '--num-workers', 0)
    (store, *_) = sound.features.rglob('features.npy')
    (folder / 'features.npy').write_bytes(store.read_bytes())
    stored_rows(folder / 'rows', 3, lambda _: torch.ones(3, 2), {})
    write_scan(folder / 'scan.npz', scan_folder(sound.data)[0])
    convert(sound.data / 'train', folder / 'shards')
    return folder


def train(sound, folder):
    """Three epochs of three steps, the fifth of which is broken.

    Iteration 4 is inside of an epoch: its checkpoint holds rows of the bank.
    """
    cfg = Config.fromfile(sound.config)
    settle(cfg, folder)
    cfg.train_cfg.max_epochs = 3
    cfg.default_hooks.kmeans.mode = 'bank'
    cfg.default_hooks.checkpoint.update(by_epoch=False, interval=2)
    run(cfg, Break(5))


def extract(*words):
    path = str(ROOT / 'tools/extract_features.py')
    before, sys.argv = sys.argv, [path, *map(str, words)]
    try:
        runpy.run_path(path, run_name='__main__')
    finally:
        sys.argv = before


@pytest.fixture
def as_any_program():
    """PyTorch as it is without this package, which allows logs."""
    allowed = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    yield
    torch.serialization.add_safe_globals(allowed)


@pytest.mark.parametrize('name', [*filter(None, WRITERS.values())])
def test_a_file_of_every_kind(name, written, as_any_program):
    (file,) = written.glob(name)
    if file.suffix == '.pth':
        assert torch.load(file, weights_only=True)
    else:
        found = np.load(file, allow_pickle=False)
        for array in found.values() if file.suffix == '.npz' else [found]:
            assert array.dtype != object


@pytest.mark.parametrize('name', CHECKPOINTS)
def test_checkpoints(name, written, as_any_program):
    content = torch.load(written / name, weights_only=True)
    assert content['meta']['cfg']
    assert content['optimizer']
    assert content['log_history']


def test_rows_of_the_bank(written, as_any_program):
    content = torch.load(written / CHECKPOINTS[0], weights_only=True)
    assert 'feature_bank' in content


def test_the_fixture_forbids_what_the_package_allows(as_any_program, tmp_path):
    torch.save(dict(log=np.ones(2)), tmp_path / 'log.pth')
    with pytest.raises(Exception, match='Weights only load failed'):
        torch.load(tmp_path / 'log.pth', weights_only=True)
    assert hirl_mm.__version__
