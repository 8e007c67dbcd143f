"""eval_knn.py and extract_features.py as real processes."""

import json
import subprocess
import sys

import pytest
import torch

from tests.runs import ROOT, run, small_config


@pytest.fixture(scope='module')
def trained(digits, tmp_path_factory):
    """A config file and a checkpoint of its training."""
    folder = tmp_path_factory.mktemp('trained')
    cfg = small_config(digits, folder, epochs=2)
    for part in (cfg.knn_bank, cfg.knn_queries):
        part.data_root = str(digits)
    cfg.knn_bank.indices = 300
    cfg.dump(folder / 'config.py')
    run(cfg)
    return folder / 'config.py', folder / 'epoch_2.pth'


def tool(name, *args):
    return subprocess.run(
        [sys.executable, ROOT / f'tools/{name}.py', *map(str, args)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_accuracies_are_printed_and_written(trained, tmp_path):
    out = tmp_path / 'result.json'
    done = tool(
        'eval_knn', *trained, '--out', out, '--num-workers', 0, '--ks', 5, 20
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert list(result['top1']) == ['5', '20']
    assert (result['num_bank'], result['num_queries']) == (300, 297)
    assert f'k = 5    top-1 {result["top1"]["5"]:6.2f} %' in done.stdout


def test_features_are_those_of_the_backbone(trained, tmp_path):
    config, checkpoint = trained
    out = tmp_path / 'features.pth'
    done = tool('extract_features', *trained, '--out', out, '--num-workers', 0)
    assert done.returncode == 0, done.stderr
    stored = torch.load(out, weights_only=True)
    assert stored['features'].shape == (300, 64)
    assert stored['classes'] == [str(digit) for digit in range(10)]
    folders = [path.split('/')[-2] for path in stored['paths']]
    assert folders == [stored['classes'][i] for i in stored['labels']]

    from mmengine.config import Config

    from hirl_mm.engine.pretrained import load_pretrained

    model = load_pretrained(Config.fromfile(config), str(checkpoint))
    import cv2

    image = torch.from_numpy(cv2.imread(stored['paths'][7])).permute(2, 0, 1)
    with torch.no_grad():
        (feature,) = model.backbone((image[None].float() - 127.5) / 127.5)
    torch.testing.assert_close(
        stored['features'][7], feature.mean(dim=(2, 3))[0]
    )


def test_random_initialisation_is_that_of_the_seed(trained):
    config, _ = trained
    args = config, '--random-init', '--num-workers', 0, '--ks', 20
    first, second = tool('eval_knn', *args), tool('eval_knn', *args)
    assert first.returncode == 0, first.stderr
    (line,) = first.stdout.splitlines()
    assert line.startswith('k = 20')
    assert second.stdout == first.stdout


def test_checkpoint_of_another_network(trained, tmp_path):
    config, checkpoint = trained
    state = torch.load(checkpoint, weights_only=False)['state_dict']
    other = {f'encoder.{k}': v for k, v in state.items()}
    torch.save(dict(state_dict=other), tmp_path / 'other.pth')
    done = tool('eval_knn', config, tmp_path / 'other.pth')
    assert done.returncode == 1
    (line,) = [s for s in done.stderr.splitlines() if 'ValueError' in s]
    assert 'holds 0 of the 100 weights' in line
    assert 'begin with encoder' in line


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['gone.pth'], 'there is no checkpoint gone.pth'),
        (['--random-init', '--ks', 301], 'k'),
        ([], 'required'),
    ],
)
def test_plain_errors(args, message, trained):
    done = tool('eval_knn', trained[0], *args, '--num-workers', 0)
    assert done.returncode
    assert message in done.stderr.splitlines()[-1]
    assert 'Traceback' not in done.stderr


def test_config_without_data_to_evaluate(trained, tmp_path):
    config = tmp_path / 'config.py'
    text = trained[0].read_text().replace('knn_queries', 'other')
    config.write_text(text)
    done = tool('eval_knn', config, trained[1])
    assert 'has no knn_queries: add a labelled data set' in done.stderr
