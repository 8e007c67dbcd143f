"""evaluate.py, compare.py and extract_features.py as real processes."""

import json
import re
import shutil
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config

from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.evaluation.functional import knn_accuracy
from tests.runs import run, small_config
from tests.tool_process import launch_tool, run_tool


@pytest.fixture(scope='module')
def trained(digits, tmp_path_factory):
    """A config file and a checkpoint of its training."""
    folder = tmp_path_factory.mktemp('trained')
    cfg = small_config(digits, folder, epochs=2)
    for part in (cfg.knn_gallery, cfg.knn_queries):
        part.data_root = str(digits)
    cfg.knn_gallery.indices = cfg.train_dataloader.dataset.indices
    cfg.dump(folder / 'config.py')
    run(cfg)
    return folder / 'config.py', folder / 'epoch_2.pth'


OPTIONS = (
    *('--ks', 5, 20, '--shares', '30%', '100%'),
    *('--num-prototypes', 12, 4, 2, '--num-workers', 0),
)


def tool(name, *args):
    return run_tool(name, *args)


@pytest.fixture(scope='module')
def evaluated(trained, tmp_path_factory):
    """The folder of a first evaluation, and what it printed."""
    out = tmp_path_factory.mktemp('evaluated')
    done = tool('evaluate', *trained, '--out', out, '--name', 'HIRL', *OPTIONS)
    assert done.returncode == 0, done.stdout[-3000:]
    return out, done.stdout


def test_all_protocols_are_in_the_table(evaluated):
    out, printed = evaluated
    results = json.loads((out / 'results.json').read_text())
    assert {name: len(v) for name, v in results['figures'].items()} == {
        'kNN': 3,
        'logistic': 2,
        'clustering': 4,
        'tree of the training': 6,
        'tree of the features': 6,
    }
    assert results['name'] == 'HIRL'
    assert results['facts']['kNN']['num_gallery'] == 96
    assert results['facts']['logistic']['100%']['num_images'] == 96
    table = (out / 'results.md').read_text().split('\n\n')[0]
    assert len(table.splitlines()) == 2 + 21
    assert table in printed
    for picture in ('results.png', 'embedding.png'):
        assert cv2.imread(str(out / picture)).std() > 5


def test_figures_are_those_of_the_features(evaluated, trained, digits):
    cfg = Config.fromfile(trained[0])
    model = load_pretrained(cfg, str(trained[1]))
    parts = []
    for name in ('knn_gallery', 'knn_queries'):
        paths, labels = images_of(cfg[name], digits)
        with torch.no_grad():
            (maps,) = model.backbone(read(paths))
        parts += [maps.mean(dim=(2, 3)), labels]
    expected = knn_accuracy(*parts, ks=(5, 20))
    results = json.loads((evaluated[0] / 'results.json').read_text())
    found = results['figures']['kNN']
    assert found['k=5'] == pytest.approx(expected[5])
    assert found['k=20'] == pytest.approx(expected[20])
    assert found['best k'] == pytest.approx(max(expected[5], expected[20]))


def images_of(data, digits):
    """Files and classes by folder, in the order of CustomDataset."""
    files = sorted((digits / data.data_prefix).glob('*/*'))
    chosen = data.get('indices') or range(len(files))
    paths = [files[i] for i in chosen]
    return paths, torch.tensor([int(path.parent.name) for path in paths])


def read(paths):
    images = [torch.from_numpy(cv2.imread(str(path))) for path in paths]
    return (torch.stack(images).permute(0, 3, 1, 2).float() - 127.5) / 127.5


def test_second_evaluation_uses_the_features_of_the_first(evaluated, trained):
    out, _ = evaluated
    files = sorted((out / 'features').rglob('*.npy'))
    assert len(files) == 2
    times = [path.stat().st_mtime_ns for path in files]
    before = json.loads((out / 'results.json').read_text())['figures']
    done = tool('evaluate', *trained, '--out', out, *OPTIONS)
    assert done.returncode == 0, done.stdout[-3000:]
    assert [path.stat().st_mtime_ns for path in files] == times
    after = json.loads((out / 'results.json').read_text())['figures']
    assert after == before


def test_other_weights_do_not_get_the_features(evaluated, trained):
    out, _ = evaluated
    before = (out / 'results.json').read_text()
    done = tool(
        'evaluate', trained[0], '--random-init', '--out', out, *OPTIONS
    )
    assert done.returncode == 1 and 'Traceback' not in done.stdout
    last = done.stdout.splitlines()[-1]
    assert 'features of another checkpoint' in last and '--refresh' in last
    assert (out / 'results.json').read_text() == before


def test_two_processes_give_the_figures_of_one(evaluated, trained, tmp_path):
    done = launch_tool(2, 'evaluate', *trained, '--out', tmp_path, *OPTIONS)
    assert done.returncode == 0, done.stdout[-3000:]
    two, one = (
        json.loads((folder / 'results.json').read_text())['figures']
        for folder in (tmp_path, evaluated[0])
    )
    assert two['kNN'] == pytest.approx(one['kNN'])
    assert two['clustering'] == pytest.approx(one['clustering'])


def test_stages_side_by_side(evaluated, trained, tmp_path):
    """A row per stage; the last one has the figures of the default."""
    options = *OPTIONS, '--stages', 2, 3, 4
    done = launch_tool(2, 'evaluate', *trained, '--out', tmp_path, *options)
    assert done.returncode == 0, done.stdout[-3000:]
    found = json.loads((tmp_path / 'results.json').read_text())['figures']
    default = json.loads((evaluated[0] / 'results.json').read_text())
    last = {
        name.removesuffix(' at stage 4'): figures
        for name, figures in found.items()
        if name.endswith(' 4')
    }
    assert last['kNN'] == pytest.approx(default['figures']['kNN'])
    assert {'kNN at stage 2', 'kNN at stage 3'} < set(found)
    assert found['kNN at stage 2'] != found['kNN at stage 4']
    stores = (tmp_path / 'features').glob('stage*/knn_*/features.npy')
    assert len(list(stores)) == 6

    done = tool('evaluate', *trained, '--out', tmp_path, '--stages', 5)
    assert done.returncode == 1 and 'Traceback' not in done.stdout
    last = done.stdout.splitlines()[-1]
    assert 'no stage 5: a ResNet has the stages 1 to 4' in last


def test_networks_side_by_side(evaluated, tmp_path):
    out, _ = evaluated
    table = tmp_path / 'both.md'
    done = tool(
        'compare',
        *('--arm', 'first', out, '--arm', 'second', out, '--out', table),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    header, _, row, *_ = table.read_text().splitlines()
    names = [cell.strip() for cell in header.split('|')[1:-1]]
    assert names == ['protocol', 'figure', 'first', 'second', 'difference']
    cells = [cell.strip() for cell in row.split('|')[1:-1]]
    assert cells[:2] == ['kNN', 'k=5'] and cells[2] == cells[3]
    assert cells[4] == '+0.0'
    assert table.with_suffix('.png').is_file()
    saved = json.loads(table.with_suffix('.json').read_text())
    assert [arm['name'] for arm in saved] == ['first', 'second']
    assert saved[0]['facts']['kNN']['num_gallery'] == 96

    twice = tool('compare', '--arm', 'first', out, out, '--out', table)
    assert twice.returncode == 1
    assert "results of 'kNN' twice" in twice.stdout.splitlines()[-1]


def test_tables_of_a_paper(evaluated, tmp_path):
    out, _ = evaluated
    words = 'compare', '--arm', 'HIRL', out, '--out', tmp_path / 'x.md'
    for numbers in ((), (9, 1)):
        done = tool(*words, '--hccl-tables', *numbers)
        assert done.returncode == 0, done.stdout[-3000:]
        text = (tmp_path / 'x.md').read_text()
        found = re.findall(r'HCCL, Table (\d+), as reported', text)
        assert found == [*map(str, numbers or range(1, 11))]
        assert '| SimSiam | 8220 | 1290 |' in re.sub(' +', ' ', done.stdout)
    tables = *('--csml-tables', 'A.1', 3), *('--ssprl-tables', 'S-B')
    done = tool(*words, *tables)
    text = (tmp_path / 'x.md').read_text()
    found = re.findall(r'([\w-]+), Table ([A-Z.\d-]+), as reported', text)
    assert found == [('CsMl', 'A.1'), ('CsMl', '3'), ('SS-PRL', 'S-B')]
    refused = tool(*words, '--csml-tables', 8)
    assert refused.returncode == 2 and "invalid choice: '8'" in refused.stdout
    refused = tool(*words, '--hccl-tables', 11)
    assert refused.returncode == 2 and 'invalid choice: 11' in refused.stdout


def test_features_are_those_of_the_backbone(trained, tmp_path):
    config, checkpoint = trained
    out = tmp_path / 'features.pth'
    done = tool('extract_features', *trained, '--out', out, '--num-workers', 0)
    assert done.returncode == 0, done.stdout[-3000:]
    stored = torch.load(out, weights_only=True)
    assert stored['features'].shape == (96, 64)
    assert stored['classes'] == [str(digit) for digit in range(10)]
    folders = [path.split('/')[-2] for path in stored['paths']]
    assert folders == [stored['classes'][i] for i in stored['labels']]
    model = load_pretrained(Config.fromfile(config), str(checkpoint))
    with torch.no_grad():
        (maps,) = model.backbone(read(stored['paths'][7:8]))
    torch.testing.assert_close(stored['features'][7], maps.mean(dim=(2, 3))[0])


def test_features_of_images_without_labels(trained, tmp_path):
    config, checkpoint = trained
    gallery = Config.fromfile(config).knn_gallery
    train = Path(gallery.data_root, gallery.data_prefix)
    photos = tmp_path / 'photos'
    photos.mkdir()
    for file in sorted(train.glob('3/*'))[:3]:
        shutil.copy(file, photos / f'photo of {file.name}')
    single = str(next(train.glob('5/*')))
    for suffix in '.pth', '.jsonl':
        out = tmp_path / f'features{suffix}'
        done = tool(
            *('extract_features', *trained, photos, single),
            *('--out', out, '--num-workers', 0),
        )
        assert done.returncode == 0, done.stdout[-3000:]
    stored = torch.load(tmp_path / 'features.pth', weights_only=True)
    assert set(stored) == {'features', 'paths'}
    assert stored['paths'] == [*map(str, sorted(photos.glob('*'))), single]
    lines = (tmp_path / 'features.jsonl').read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [record['file'] for record in records] == stored['paths']
    torch.testing.assert_close(
        torch.tensor([record['feature'] for record in records]),
        stored['features'],
    )
    assert set(records[0]) == {'file', 'feature'}


def test_features_of_an_unlabelled_training(trained, tmp_path):
    """A config without a gallery, as a folder of images gets one."""
    cfg = Config.fromfile(trained[0])
    for name in 'knn_gallery', 'knn_queries':
        cfg.pop(name)
    cfg.train_dataloader.dataset.with_label = False
    cfg.dump(tmp_path / 'config.py')
    out = tmp_path / 'features.jsonl'
    done = tool(
        *('extract_features', tmp_path / 'config.py', trained[1]),
        *('--out', out, '--num-workers', 0),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    lines = out.read_text().splitlines()
    assert len(lines) == len(cfg.train_dataloader.dataset.indices)


def test_records_have_labels_and_classes(trained, tmp_path):
    out = tmp_path / 'features.jsonl'
    done = tool('extract_features', *trained, '--out', out, '--num-workers', 0)
    assert done.returncode == 0, done.stdout[-3000:]
    for line in out.read_text().splitlines():
        record = json.loads(line)
        assert record['class'] == record['file'].split('/')[-2]
        assert record['class'] == str(record['label'])


def test_no_checkpoint(trained, tmp_path):
    done = tool('evaluate', trained[0], 'gone.pth', '--out', tmp_path)
    assert done.returncode == 1 and 'Traceback' not in done.stdout
    assert 'gone.pth' in done.stdout.splitlines()[-1]
