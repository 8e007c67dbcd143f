"""The joint loss on held-out images, beside a loop in float64."""

import copy
import random
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from hirl_mm.datasets.toy import write_digit_scenes
from hirl_mm.engine.evaluation.held_out_loss import (
    held_out_leaves,
    held_out_loss,
)
from hirl_mm.engine.features.feature_pass import feature_loader
from hirl_mm.registry import MODELS
from hirl_mm.seeding import seeded
from tests.algorithms import DIM, build
from tests.oracles.semantic_path import batch_loss
from tests.runs import ROOT, small_config
from tests.trees import random_tree

NUM, SEED = 12, 5
NUMS = (9, 4, 2)
PLAIN_VIEW = [dict(type='hirl_mm.LoadImage'), dict(type='PackInputs')]
PREPROCESSOR = dict(
    type='SelfSupDataPreprocessor',
    mean=[127.5] * 3,
    std=[127.5] * 3,
    to_rgb=True,
)


def images(digits, pipeline=None):
    """Twelve digits, with two random views where no pipeline is given."""
    init_default_scope('mmpretrain')
    cfg = small_config(digits, 'unused').train_dataloader.dataset
    cfg.indices = list(range(0, 1500, 1500 // NUM))[:NUM]
    cfg.pipeline = pipeline or cfg.pipeline
    return DATASETS.build(cfg)


def trained(name, digits):
    """A model whose statistics, queue and average tell of some steps."""
    torch.manual_seed(0)
    model = build(name, hirl=True, data_preprocessor=PREPROCESSOR)
    samples = [sample['data_samples'] for sample in images(digits, PLAIN_VIEW)]
    with torch.no_grad():
        for _ in range(3):
            views = [torch.randn(NUM, 3, 32, 32) for _ in range(2)]
            model.loss(views, samples)
    return model


def loss_of(model, tree, dataset, batch_size=4, **options):
    options = dict(num_workers=0, seed=SEED) | options
    return held_out_loss(
        model, tree, dataset, PLAIN_VIEW, batch_size, **options
    )


def pixels(image):
    """The network's input, in float64; the digits are grey."""
    return (image[None].double() - 127.5) / 127.5


def simsiam_loss(model, views):
    """Eq. 1 and 2 of SimSiam for an image."""
    z = [model.neck(model.backbone(view))[0] for view in views]
    p = [model.head.predictor([row])[0] for row in z]
    cosines = [F.cosine_similarity(p[i], z[1 - i])[0] for i in (0, 1)]
    return z[0], -sum(cosines) / 2


def moco_loss(model, views):
    """InfoNCE for an image, after the average's part of a step."""
    z0 = model.neck(model.backbone(views[0]))[0]
    query = z0[0] / z0[0].norm()
    average = copy.deepcopy(model.encoder_k.module)
    online = torch.nn.Sequential(model.backbone, model.neck)
    state = online.state_dict()
    for key, value in average.named_parameters():
        state[key] = (value + state[key]) / 2
    average.load_state_dict(state)
    key = average(views[1])[0][0]
    key = key / key.norm()
    logits = torch.cat([(query @ key)[None], query @ model.queue]) / 0.2
    return z0, torch.logsumexp(logits, 0) - logits[0]


@torch.no_grad()
def naive_losses(model, tree, digits, ssl_loss):
    """An image at a time."""
    model = copy.deepcopy(model).double().eval()
    centroids = [c.double() for c in tree.centroids]
    whole, views = images(digits, PLAIN_VIEW), images(digits)
    ssl = spd = 0.0
    for i in range(NUM):
        z0 = model.extract_z0(pixels(whole[i]['inputs']))[0]
        distance = (z0 / z0.norm() - centroids[0]).square().sum(1)
        random.seed(SEED + i)
        np.random.seed(SEED + i)
        torch.manual_seed(SEED + i)
        z0, loss = ssl_loss(model, [pixels(v) for v in views[i]['inputs']])
        ssl += loss / NUM
        spd += (
            batch_loss(
                model.spd_head(z0.double()),
                centroids,
                tree.parents,
                distance.argmin()[None],
                None,
                'paper',
            )
            / NUM
        )
    return dict(loss_ssl=ssl, loss_spd=spd, joint=ssl + spd)


@pytest.mark.parametrize(
    ('name', 'ssl_loss'), [('SimSiam', simsiam_loss), ('MoCo', moco_loss)]
)
def test_losses_are_those_of_a_loop(name, ssl_loss, digits):
    model, tree = trained(name, digits), random_tree(NUMS, DIM)
    found = loss_of(model, tree, images(digits))
    expected = naive_losses(model, tree, digits, ssl_loss)
    assert found == pytest.approx(
        {k: float(v) for k, v in expected.items()}, rel=1e-5
    )


@pytest.mark.parametrize('name', ['SimSiam', 'MoCo'])
def test_batches_and_workers_have_no_say(name, digits):
    model, tree = trained(name, digits), random_tree(NUMS, DIM)
    dataset = images(digits)
    found = loss_of(model, tree, dataset)
    for options in (dict(batch_size=12), dict(num_workers=2)):
        other = loss_of(model, tree, dataset, **options)
        assert other == pytest.approx(found, rel=1e-5)


def test_no_graph_is_kept(digits):
    model, tree = trained('SimSiam', digits), random_tree(NUMS, DIM)
    seen = []
    model.spd_head.projections[0].register_forward_hook(
        lambda *_: seen.append(torch.is_grad_enabled())
    )
    loss_of(model, tree, images(digits))
    assert seen == [False] * (NUM // 4)


def test_the_seed_has_a_say(digits):
    model, tree = trained('SimSiam', digits), random_tree(NUMS, DIM)
    dataset = images(digits)
    found = [loss_of(model, tree, dataset, seed=s) for s in (0, 0, 1)]
    assert found[0] == found[1]
    assert found[0]['loss_ssl'] != found[2]['loss_ssl']


def test_negative_paths_are_of_the_seed(digits):
    model, tree = trained('SimSiam', digits), random_tree(NUMS, DIM)
    model.spd_head.num_negatives = 3
    dataset = images(digits)
    torch.manual_seed(1)
    found = loss_of(model, tree, dataset)
    torch.manual_seed(2)
    assert loss_of(model, tree, dataset) == found


DEBUG = sorted(
    path.name for path in Path(ROOT, 'configs/debug').glob('hirl-*.py')
)


def tensors_of(tree):
    return tree.centroids, tree.parents, tree.leaf


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp('data') / 'scenes'
    return write_digit_scenes(folder, num_trainval=8, num_test=1)


@pytest.mark.parametrize('config', DEBUG)
def test_nothing_changes(config, digits, scenes):
    """With the model, the views and the preprocessing of every method."""
    cfg = Config.fromfile(ROOT / 'configs/debug' / config)
    init_default_scope(cfg.default_scope)
    hub = MessageHub.get_current_instance()
    hub.update_info('max_iters', 10)
    cfg.model.get('target_generator', {}).pop('init_cfg', None)
    model = MODELS.build(
        dict(cfg.model, data_preprocessor=cfg.data_preprocessor)
    ).train()
    dataset = cfg.train_dataloader.dataset
    root = scenes if config.endswith('scenes.py') else digits
    dataset.update(data_root=str(root), indices=8)
    tree = random_tree(NUMS, model.spd_head.in_channels)
    before = copy.deepcopy((model.state_dict(), tensors_of(tree)))
    torch.manual_seed(0)
    loss = loss_of(model, tree, DATASETS.build(dataset))
    assert all(np.isfinite(value) for value in loss.values())
    assert loss['joint'] == loss['loss_ssl'] + loss['loss_spd']
    torch.testing.assert_close(
        (model.state_dict(), tensors_of(tree)), before, rtol=0, atol=0
    )
    assert model.training and model.tree is None
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))


def test_leaves_are_those_of_the_clustering(digits):
    """Of images that were clustered, with centroids that are images."""
    model = trained('MoCo', digits)
    loader = feature_loader(images(digits), PLAIN_VIEW, 5, 0)
    pictures = [
        pixels(sample['inputs']).float()
        for sample in images(digits, PLAIN_VIEW)
    ]
    with torch.no_grad():
        rows = model.eval().extract_z0(torch.cat(pictures))
    tree = random_tree((NUM, 2), DIM)
    tree.centroids[0].copy_(F.normalize(rows.flip(0), dim=1))
    leaves = held_out_leaves(model, tree, loader)
    assert leaves.tolist() == list(range(NUM))[::-1]


def test_batches_that_do_not_divide_the_images(digits):
    model, tree = trained('SimSiam', digits), random_tree(NUMS, DIM)
    with pytest.raises(ValueError, match='batch size 5, got 12: hold out 10'):
        loss_of(model, tree, images(digits), batch_size=5)
    with pytest.raises(ValueError, match='batch size 32, got 12.* out 32'):
        loss_of(model, tree, images(digits), batch_size=32)


def test_a_loss_that_is_no_number(digits):
    model, tree = trained('SimSiam', digits), random_tree(NUMS, DIM)
    model.spd_head.projections[1].fc1.weight.data[0] = float('nan')
    with pytest.raises(ValueError, match=r'nan \(loss_spd\).* diverged'):
        loss_of(model, tree, images(digits))


def states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.rand(1)


def test_seeded_block():
    for module in (random, np.random):
        module.seed(3)
    torch.manual_seed(3)
    kept = torch.get_rng_state()
    before = states()
    torch.set_rng_state(kept)
    drawn = []
    for _ in range(2):
        with pytest.raises(KeyError), seeded(7):
            drawn.append([random.random(), np.random.rand(), torch.rand(1)])
            raise KeyError
    assert drawn[0] == drawn[1]
    assert states() == before
