"""tools/visualize_prototypes.py on runs of SS-PRL and of HIRL."""

import json
import runpy
import sys

import pytest
import torch
from mmengine.config import Config
from PIL import Image

from hirl_mm.checkpoints.trees import load_tree
from hirl_mm.datasets.toy import write_digit_scenes
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from tests.hostile_files import add_code
from tests.runs import ROOT, run, settle, small_config
from tests.tool_process import run_tool

DEBUG = ROOT / 'configs/debug'
SCENES = 'resnet18_1xb32-4e_digit-scenes.py'


def short_run(name, root):
    """A run of SS-PRL: an epoch of 16 scenes."""
    write_digit_scenes(root / 'scenes', num_trainval=16, num_test=1)
    cfg = Config.fromfile(DEBUG / f'{name}_{SCENES}')
    settle(cfg, root / 'run')
    if 'kmeans' in cfg.default_hooks:
        cfg.default_hooks.kmeans.update(
            start_epoch=0, num_prototypes=(6, 3, 2)
        )
    cfg.train_cfg.max_epochs = 1
    cfg.train_dataloader.batch_size = 8
    cfg.train_dataloader.dataset.data_root = str(root / 'scenes')
    cfg.model.head.update(queue_lengths=None, num_prototypes=(8, 6, 5))
    cfg.dump(root / 'ssprl.py')
    run(cfg)
    return root / 'run'


@pytest.fixture(scope='module')
def pyramid_run(tmp_path_factory):
    return short_run('ssprl', tmp_path_factory.mktemp('pyramid'))


@pytest.fixture(scope='module')
def patch_tree_run(tmp_path_factory):
    """A run of SS-PRL with a tree over patches, one of every scene."""
    folder = tmp_path_factory.mktemp('patch-tree')
    return short_run('hirl-ssprl-patches', folder)


@pytest.fixture(scope='module')
def tree_run(digits, tmp_path_factory):
    """A run of HIRL-MoCo v2: two epochs, a tree in the second."""
    folder = tmp_path_factory.mktemp('tree')
    run(small_config(digits, folder))
    return folder


@pytest.fixture
def tool(monkeypatch):
    """Runs the tool in this process; what it exits with, None for success."""

    def call(*words):
        words = 'visualize_prototypes', *words, '--num-workers', 0
        monkeypatch.setattr(sys, 'argv', [str(word) for word in words])
        path = ROOT / 'tools/visualize_prototypes.py'
        try:
            runpy.run_path(str(path), run_name='__main__')
        except SystemExit as exit:
            return exit.code

    return call


def test_scales_of_a_run(pyramid_run, tmp_path):
    found = run_tool(
        *('visualize_prototypes', pyramid_run, '--num-prototypes', 2),
        *('--per-prototype', 3, '--num-workers', 1),
    )
    assert found.returncode == 0, found.stdout
    assert f'written to {pyramid_run}/prototypes.png' in found.stdout
    with Image.open(pyramid_run / 'prototypes.png') as picture:
        assert min(picture.size) > 300
    content = json.loads((pyramid_run / 'prototypes.json').read_text())
    assert content['facts']['checkpoint'] == str(pyramid_run / 'epoch_1.pth')
    scales = content['prototypes']
    assert {k: v['rows'] for k, v in scales.items()} == {
        'scale 0': 16,
        'scale 1': 64,
        'scale 2': 144,
    }
    for scale in scales.values():
        assert len(scale['prototypes']) == min(2, scale['used'])
        for prototype in scale['prototypes']:
            images = [near['image'] for near in prototype['nearest']]
            assert len(set(images)) == 3
            assert prototype['classes'][0]['num'] <= 3
    table = (pyramid_run / 'prototypes.md').read_text()
    assert '| scale 2 ' in table


def test_chosen_prototypes_of_a_scale(pyramid_run, tool, tmp_path):
    out = tmp_path / 'p.pdf'
    config = pyramid_run.parent / 'ssprl.py'
    words = '--show', 'scale 2', '--prototypes', 4, 0, '--out', out
    checkpoint = pyramid_run / 'epoch_1.pth'
    assert tool(config, checkpoint, *words, '--several-per-image') is None
    assert out.stat().st_size
    (name, found), *others = json.loads(out.with_suffix('.json').read_text())[
        'prototypes'
    ].items()
    assert name == 'scale 2' and not others
    assert [one['prototype'] for one in found['prototypes']] == [4, 0]
    # Now two of the nearest patches may be of one image.
    images = [[n['image'] for n in p['nearest']] for p in found['prototypes']]
    assert any(len(set(row)) < len(row) for row in images)


@pytest.mark.parametrize(
    ('kind', 'epoch', 'num'), [('tree_run', 2, 96), ('patch_tree_run', 1, 16)]
)
def test_levels_of_a_tree(kind, epoch, num, tool, request):
    folder = request.getfixturevalue(kind)
    assert tool(folder, '--num-prototypes', 3, '--per-prototype', 4) is None
    content = json.loads((folder / 'prototypes.json').read_text())
    checkpoint = folder / f'epoch_{epoch}.pth'
    tree = load_tree(checkpoint)
    (config,) = folder.glob('*.py')
    embeddings = embedded(Config.fromfile(config), checkpoint)
    found = {k: v for k, v in content['prototypes'].items() if 'level' in k}
    assert list(found) == ['level 0', 'level 1', 'level 2']
    scales = ['scale 0', 'scale 1', 'scale 2'] * (kind == 'patch_tree_run')
    assert list(content['prototypes']) == [*scales, *found]
    for level, of_level in enumerate(found.values()):
        sizes = tree.sizes(level)
        assert of_level['rows'] == num
        assert of_level['num_prototypes'] == len(sizes)
        largest = of_level['prototypes'][0]
        assert largest['rows'] == int(sizes.max())
        for one in of_level['prototypes']:
            number = one['prototype']
            assert one['rows'] == int(sizes[number])
            centroid = tree.centroids[level][number].double()
            cosines = embeddings @ (centroid / centroid.norm())
            nearest = [near['sample_idx'] for near in one['nearest']]
            # Of those that are equal up to rounding, any may come.
            torch.testing.assert_close(
                cosines[nearest], cosines.topk(4).values, atol=1e-6, rtol=0
            )
            members = tree.members(level, number).tolist()
            for near in one['nearest']:
                assert near['belongs'] == (near['sample_idx'] in members)
                assert 'box' not in near


def embedded(cfg, checkpoint):
    """z0 of all training images, normalised, in float64."""
    model = load_pretrained(cfg, str(checkpoint))
    hook = cfg.default_hooks.kmeans
    dataset = build_dataset(
        dict(cfg.train_dataloader.dataset, pipeline=hook.pipeline)
    )
    rows = []
    with torch.no_grad():
        for packed in dataset:
            pixels = packed['inputs'][None]
            batch = dict(inputs=pixels, data_samples=[])
            images = model.data_preprocessor(batch)['inputs']
            rows.append(model.extract_z0(images)[0].double())
    return torch.nn.functional.normalize(torch.stack(rows), dim=1)


def test_errors_are_one_line(pyramid_run, tree_run, tool, tmp_path):
    config = pyramid_run.parent / 'ssprl.py'
    (tree_config,) = tree_run.glob('*.py')
    (tmp_path / 'empty').mkdir()
    for words, said in (
        ((tmp_path / 'none',), 'none is no work folder of a training'),
        ((tmp_path / 'empty',), 'holds no run: the config'),
        ((config, tmp_path / 'no.pth'), 'there is no checkpoint'),
        ((config, tree_run / 'epoch_2.pth'), 'does not hold the model of'),
        ((tree_config, tree_run / 'epoch_1.pth'), 'holds no tree of proto'),
        ((pyramid_run, '--show', 'scale 3'), "no scale 3: choose from 'scale"),
        ((pyramid_run, '--prototypes', 5), 'scale 2 have the numbers 0 to 4'),
        ((pyramid_run, '--out', tmp_path / 'p.doc'), 'out must end in one of'),
    ):
        message = tool(*words)
        assert message.startswith('error: ') and '\n' not in message
        assert said in message
        assert not list(tmp_path.glob('p.*'))


def test_a_model_without_prototypes(digits, tree_run, tool, tmp_path):
    cfg = small_config(digits, tmp_path, hirl=False)
    cfg.dump(tmp_path / 'mocov2.py')
    weights = load_pretrained(cfg, None).state_dict()
    torch.save(dict(state_dict=weights), tmp_path / 'weights.pth')
    message = tool(tmp_path / 'mocov2.py', tmp_path / 'weights.pth')
    assert 'a MoCo has no prototypes to show' in message


def test_other_images_than_those_of_the_tree(tree_run, tool, tmp_path):
    option = 'train_dataloader.dataset.indices=50'
    message = tool(tree_run, '--cfg-options', option)
    assert 'are 50 images but the tree was built from 96' in message


def test_files_that_run_code_are_refused(pyramid_run, tool, tmp_path):
    marker = tmp_path / 'marker'
    file = pyramid_run / 'epoch_1.pth'
    hostile = add_code(file, marker, tmp_path / 'hostile.pth')
    message = tool(pyramid_run.parent / 'ssprl.py', hostile)
    assert 'holds more than tensors' in message and not marker.exists()
    out = '--out', tmp_path / 'p.png', '--show', 'scale 0'
    trusted = tool(
        pyramid_run.parent / 'ssprl.py', hostile, '--trust-checkpoint', *out
    )
    assert trusted is None and marker.exists()


def test_bad_numbers(tool, capsys):
    for option in ('--num-prototypes', '--per-prototype', '--batch-size'):
        assert tool('run', option, 0) == 2
        error = capsys.readouterr().err
        assert option in error and 'at least 1, got ' in error
