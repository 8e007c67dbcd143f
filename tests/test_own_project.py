"""The project of docs/project.md: its files, as a process trains with them."""

import json
import re
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from PIL import Image

from hirl_mm.structures import PrototypeTree
from tests.runs import ROOT
from tests.training_tool import start

PAGE = (ROOT / 'docs/project.md').read_text()
# What `mim train hirl_mm` starts in the installed package.
TOOL = ROOT / 'hirl_mm/.mim/tools/train.py'
SMALL = (
    *('train_cfg.max_epochs=2', 'model.queue_len=32'),
    *('train_dataloader.batch_size=16', 'train_dataloader.num_workers=0'),
    'train_dataloader.persistent_workers=False',
    *('default_hooks.kmeans.num_prototypes=4,2,1',),
    'default_hooks.kmeans.start_epoch=1',
    *('default_hooks.kmeans.num_workers=0', 'default_hooks.knn_probe=None'),
    *(
        'default_hooks.logger.interval=1',
        'default_hooks.checkpoint.interval=1',
    ),
)


def draw(folder, num):
    """Images of one colour each, half of them cats."""
    folder.mkdir(parents=True)
    colours = np.random.default_rng(0).integers(0, 255, (num, 3))
    for i, colour in enumerate(colours.tolist()):
        name = f'{("cat", "dog")[i % 2]}-{i:03}.png'
        Image.new('RGB', (32, 32), tuple(colour)).save(folder / name)


@pytest.fixture(scope='module')
def project(tmp_path_factory):
    """A folder with the files of the page, and images."""
    folder = tmp_path_factory.mktemp('project')
    blocks = re.findall(r'```py\n# (\S+\.py)\n(.*?)```', PAGE, re.DOTALL)
    for name, text in blocks:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    draw(folder / 'data/scans/train', 16)
    draw(folder / 'data/scans/val', 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield folder


@pytest.fixture
def config(project):
    """Its config, which registers what is its own."""
    before = DefaultScope.get_current_instance()
    yield Config.fromfile(project / 'configs/hirl_scans.py')
    init_default_scope(before.scope_name if before else 'mmpretrain')


@pytest.fixture(scope='module')
def trained(project):
    """The folder of a training of two iterations, the second with a tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('PYTHONPATH', f'{project}:{ROOT}')
        done = start(
            *(sys.executable, TOOL, 'configs/hirl_scans.py'),
            *('--launcher', 'none', '--work-dir', 'work_dirs/scans'),
            *('--cfg-options', *SMALL),
            cwd=project,
        )
    assert done.returncode == 0, done.stdout[-3000:]
    return project / 'work_dirs/scans'


def backbone_of(state_dict):
    prefix = 'backbone.'
    return {
        name.removeprefix(prefix): value
        for name, value in state_dict.items()
        if name.startswith(prefix)
    }


def started(model, checkpoint, **init):
    """The backbone of a model that starts from a checkpoint."""
    init_default_scope('mmpretrain')
    init_cfg = dict(type='Pretrained', checkpoint=str(checkpoint), **init)
    model = dict(model, backbone=dict(model['backbone'], init_cfg=init_cfg))
    model = MODELS.build(model)
    model.init_weights()
    return model.backbone.state_dict()


def check_equal(state, expected):
    assert list(state) == list(expected)
    assert all(torch.equal(state[name], expected[name]) for name in state)


@pytest.mark.slow
def test_own_network_and_images_get_a_tree(trained):
    tree = PrototypeTree.load(trained / 'prototype_trees/epoch_2.pth')
    assert tree.num_prototypes == (4, 2, 1)
    assert len(tree.leaf) == 16


@pytest.mark.slow
def test_losses_are_over_iterations_and_trees_over_epochs(trained):
    (file,) = trained.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    losses = [line for line in lines if 'loss' in line]
    assert [(line['step'], line['iter']) for line in losses] == [
        (1, 1),
        (2, 2),
    ]
    assert ['loss_spd' in line for line in losses] == [False, True]
    (tree,) = [line for line in lines if 'hirl/level0_K' in line]
    assert tree['step'] == 2 and not {'iter', 'epoch'} & set(tree)


@pytest.mark.slow
def test_the_network_leaves_with_the_checkpoint(trained, config, project):
    """Into a classifier of MMPreTrain, with MMEngine's initializer."""
    file = trained / 'epoch_2.pth'
    state = torch.load(file, weights_only=True)['state_dict']
    model = Config.fromfile(project / 'configs/classifier_scans.py').model
    init = model.backbone.pop('init_cfg')
    assert (init.type, init.prefix) == ('Pretrained', 'backbone.')
    found = started(model, file, prefix=init.prefix)
    check_equal(found, backbone_of(state))


def test_own_weights_start_a_pre_training(config, tmp_path):
    classifier = MODELS.build(
        dict(type='mmpretrain.ImageClassifier', backbone=config.model.backbone)
    )
    file = tmp_path / 'classifier.pth'
    torch.save(dict(state_dict=classifier.state_dict()), file)
    found = started(config.model, file, _scope_='hirl_mm')
    check_equal(found, classifier.backbone.state_dict())


@pytest.mark.parametrize('scope', ['mmpretrain', 'scans'])
def test_names_of_the_project_need_its_scope(scope, config):
    """Whatever the default is: the model of a recipe has one of its own."""
    init_default_scope(scope)
    model = MODELS.build(config.model)
    assert type(model.backbone).__module__ == 'scans.network'
    config.model.backbone.type = 'SmallNet'
    with pytest.raises(KeyError, match='SmallNet is not in the mmpretrain'):
        MODELS.build(config.model)


def test_the_page_says_which_files_there_are(project):
    """What the tree of files in the page lists is what it shows."""
    listed = re.findall(r'^(\S+\.py) ', PAGE, re.MULTILINE)
    shown = re.findall(r'^# (\S+\.py)$', PAGE, re.MULTILINE)
    assert shown[: len(listed)] == listed
