"""No tool runs what stands in a file, unless its user trusts the file."""

import json
import runpy
import shutil
import sys

import numpy as np
import pytest
import torch

from hirl_mm.datasets.listing.scan_file import read_scan
from hirl_mm.datasets.shards.shard_index import read_index
from hirl_mm.engine.bad_batches.kept_batch import KeptBatch
from hirl_mm.features.row_file import stored_rows
from hirl_mm.features.store import open_features, stored_samples
from hirl_mm.structures import NeighborTable
from tests.hostile_files import Call, add_code
from tests.runs import ROOT

pytestmark = pytest.mark.slow
READ = '--num-workers', 0
DATA = 'train_dataloader.dataset'
EXPORT = 'model_converters/export_backbone'
# The command line of a tool, with FILE for a hostile checkpoint.
OF_CHECKPOINTS = {
    'analyze_levels': ('CONFIG', 'FILE', '--out', 'OUT', *READ),
    'evaluate': ('CONFIG', 'FILE', '--out', 'OUT', '--ks', 3, *READ),
    'extract_features': ('CONFIG', 'FILE', '--out', 'OUT/f.pth', *READ),
    'mine_labels': ('LINEAR', 'FILE', '--out', 'OUT/list.txt', *READ)
    + ('--cfg-options', f'{DATA}.type=hirl_mm.LabelledImages')
    + (f'{DATA}.ann_file=FEW', f'{DATA}.num_classes=3'),
    EXPORT: ('FILE', '--to', 'torchvision', '--out', 'OUT/b.pth'),
    'model_converters/import_checkpoint': ('FILE', '--out', 'OUT/b.pth'),
    'pretrain_folder': ('IMAGES', '--init', 'FILE', '--out', 'OUT'),
    'sweep': ('LINEAR', '--arms', 'a=FILE', '--lr', 1, '--work-dir', 'OUT'),
    'test': ('LINEAR', 'FILE', '--work-dir', 'OUT'),
    'train': ('CONFIG', '--resume', 'FILE', '--work-dir', 'OUT'),
    'visualize_features': ('FILE', '--out', 'OUT/f.png'),
    'visualize_tree': ('FILE', '--data', 'IMAGES', '--out', 'OUT/t.png'),
}
# With RUN for the folder of a run that holds something hostile.
OF_RUNS = {
    'assign': ('RUN', *READ),
    'browse_tree': ('RUN', '--out', 'OUT', *READ),
    'curate': ('RUN', '--num', 5, *READ),
    'label_branches': ('RUN', 'LABELS', *READ),
    'replay': ('RUN/bad_batches/epoch_1_iter_1_rank_0.pth',),
    'retrieve': ('RUN', '--prototype', '0:0', *READ),
    'visualize_features': ('RUN', '--out', 'OUT/f.png', *READ),
    'visualize_neighbors': ('RUN', '--out', 'OUT/n.png'),
    'visualize_prototypes': ('RUN', '--out', 'OUT/p.png', *READ),
    'visualize_subtrees': ('RUN', '--out', 'OUT', *READ),
}
WITHOUT = {
    'compare': 'reads values of configs and logs, see below',
    'report': 'shows configs and logs as text, see below',
    'epoch_time': 'reads logs of JSON',
    'demo': 'reads images of digits that it has written',
    'search_prototypes': 'starts tools/train.py, which refuses',
    'study': 'starts tools/train.py, which refuses; its file is a config',
    'compare_methods': 'starts tools/train.py, which refuses',
}


def test_every_tool_is_here():
    tools = {
        str(path.relative_to(ROOT / 'tools').with_suffix(''))
        for path in ROOT.glob('tools/**/*.py')
    }
    # Converters of data sets read lists, archives and images.
    tools = {tool for tool in tools if not tool.startswith('dataset_')}
    assert tools == OF_CHECKPOINTS.keys() | OF_RUNS.keys() | WITHOUT.keys()


@pytest.fixture
def marker(tmp_path):
    return tmp_path / 'code_ran'


@pytest.fixture
def start(sound, marker, tmp_path, monkeypatch):
    """A function that runs a tool in this process; what it exits with."""
    out = tmp_path / 'out'
    out.mkdir()
    places = dict(
        CONFIG=sound.config,
        LINEAR=sound.linear,
        IMAGES=sound.data / 'train',
        LABELS=tmp_path / 'labels.csv',
        FEW=tmp_path / 'few.txt',
        OUT=out,
        FILE=tmp_path / 'hostile.pth',
        RUN=tmp_path / 'run',
    )
    few = [f'{name}/0.png {i}\n' for i, name in enumerate('abc')]
    places['FEW'].write_text(''.join(few))
    places['LABELS'].write_text('a.png,b\n')

    def use(name, *words):
        path = str(ROOT / f'tools/{name}.py')
        words = [str(word) for word in words]
        for place, given in places.items():
            words = [word.replace(place, str(given)) for word in words]
        monkeypatch.setattr(sys, 'argv', [path, *words])
        try:
            runpy.run_path(path, run_name='__main__')
        except SystemExit as ended:
            return ended.code

    return use


def code(run, marker):
    """A config that opens a file when it is run."""
    add(run, f'marker = open({str(marker)!r}, "w")')


def called(run, marker):
    """A config of values, of which MMEngine would call one."""
    kind = dict(type='builtins.open', file=str(marker), mode='w')
    add(run, f'train_dataloader = dict(dataset={kind!r})')


def pickled(run, marker):
    """A run all of whose binary files are hostile."""
    for file in run.rglob('*.pth'):
        add_code(file, marker, file)


def add(run, line):
    for config in run.glob('*.py'):
        config.write_text(f'{config.read_text()}\n{line}\n')


@pytest.fixture
def hostile_run(sound, marker, tmp_path):
    """A function that spoils a copy of a run."""

    def make(spoil):
        run = shutil.copytree(sound.run, tmp_path / 'run')
        table = NeighborTable(torch.arange(24).roll(1)[:, None])
        (run / 'neighbors').mkdir(exist_ok=True)
        table.save(run / 'neighbors/epoch_1.pth')
        KeptBatch(
            *({}, 'nan', {}, 1, 1, 0, 0, 1, 3, [0.1]), str(sound.checkpoint)
        ).save(run / 'bad_batches')
        spoil(run, marker)
        return run

    return make


@pytest.mark.parametrize('name', OF_CHECKPOINTS)
def test_checkpoint(name, start, sound, marker, tmp_path):
    add_code(sound.checkpoint, marker, tmp_path / 'hostile.pth')
    said = start(name, *OF_CHECKPOINTS[name])
    assert not marker.exists()
    assert said.startswith('error: ') and '\n' not in said
    assert 'holds more than tensors' in said
    assert '--trust-checkpoint' in said


@pytest.mark.parametrize('spoil', [code, called, pickled])
@pytest.mark.parametrize('name', OF_RUNS)
def test_run(name, spoil, start, hostile_run, marker):
    hostile_run(spoil)
    said = start(name, *OF_RUNS[name])
    assert not marker.exists()
    assert said.startswith('error: ') and '\n' not in said
    if (name, spoil) != ('visualize_neighbors', pickled):
        assert '--trust-checkpoint' in said


@pytest.mark.parametrize('spoil', [code, called, pickled])
def test_trusted_run(spoil, start, hostile_run, marker):
    """What is refused above does run if it is trusted."""
    hostile_run(spoil)
    start('browse_tree', 'RUN', '--trust-checkpoint', '--preview', *READ)
    assert marker.exists()


def test_compare(start, hostile_run, marker):
    hostile_run(code)
    said = start('compare', '--arm', 'a', 'RUN', '--out', 'OUT/c.md')
    assert said.startswith('error: the config ') and 'is not read' in said
    assert not marker.exists()


@pytest.mark.parametrize('spoil', [code, called, pickled])
def test_report(spoil, start, hostile_run, marker, tmp_path):
    hostile_run(spoil)
    assert start('report', 'RUN', '--out', 'OUT/r.html') is None
    assert (tmp_path / 'out/r.html').is_file()
    assert not marker.exists()


def test_config_in_a_checkpoint(start, sound, marker, tmp_path):
    content = torch.load(sound.checkpoint, weights_only=True)
    kind = dict(type='builtins.open', file=str(marker), mode='w')
    words = OF_CHECKPOINTS[EXPORT]
    for text in (
        f'open({str(marker)!r}, "w")\n{content["meta"]["cfg"]}',
        f'model = dict(backbone={kind!r})',
    ):
        content['meta']['cfg'] = text
        torch.save(content, tmp_path / 'hostile.pth')
        said = start(EXPORT, *words)
        assert said.startswith('error: the config of the checkpoint is not r')
        assert not marker.exists()
        start(EXPORT, *words, '--trust-checkpoint')
        assert marker.exists()
        marker.unlink()


def rows_of(folder):
    def compute(block):
        return torch.ones(len(block), 2)

    return stored_rows(folder, 3, compute, {}).sum() == 6


# What a file is called, and the function that reads it in a folder.
OF_ARRAYS = {
    'features.npy': open_features,
    'samples.npy': lambda folder: stored_samples(folder, 3),
    'rows.npy': rows_of,
    'shards.npz': read_index,
    'scan.npz': lambda folder: read_scan(folder / 'scan.npz'),
}


@pytest.mark.parametrize('name', OF_ARRAYS)
def test_arrays_of_objects(name, marker, tmp_path):
    """Such arrays are pickles."""
    array = np.array([Call(open, str(marker), 'w')])
    if name.endswith('npz'):
        np.savez(tmp_path / name, version=array, folders=array, names=array)
    else:
        np.save(tmp_path / name, array)
    facts = dict(num_rows=3)
    (tmp_path / 'rows.json').write_text(json.dumps(dict(done=3, facts=facts)))
    try:
        assert OF_ARRAYS[name](tmp_path)
    except ValueError as error:
        assert str(error).startswith(str(tmp_path / name))
    assert not marker.exists()
