"""What HIRL-SwAV has of its own: its embedding, and leaves chosen anew."""

import copy

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F

from hirl_mm.losses import semantic_path_loss
from tests.algorithms import DIM, PLAIN, RESNET, build
from tests.processes import run_processes
from tests.samples import IDX, samples
from tests.trees import random_tree

NUMS = (9, 4, 2)
SIZES = [32, 32, 16, 16, 16]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def head(num_crops):
    loss = dict(PLAIN['SwAV']['head']['loss'], num_crops=num_crops)
    return dict(type='SwAVHead', loss=loss)


def views(batch=8):
    return [torch.randn(batch, 3, size, size) for size in SIZES]


def projections(model, images):
    """Of all crops (V, B, D), each resolution a batch for the backbone."""
    pooled = [
        model.backbone(torch.cat(crops))[0].mean(dim=(2, 3))
        for crops in (images[:2], images[2:])
    ]
    return model.neck.projection_neck(torch.cat(pooled)).unflatten(
        0, (len(images), -1)
    )


@pytest.fixture
def model():
    return build('SwAV', hirl=True, head=head([2, 3]))


def tree_around(embeddings):
    """A tree whose leaves the embeddings tell apart."""
    tree = random_tree(NUMS, dim=DIM, num_samples=50)
    mean = embeddings.mean(0)
    scale = (embeddings - mean).std()
    with torch.no_grad():
        for centroid in tree.centroids:
            centroid.copy_(F.normalize(mean + 4 * scale * centroid))
    return tree


def test_path_loss_of_view_zero_with_the_leaves_of_view_one(model):
    images = views()
    z = projections(copy.deepcopy(model), images)
    tree = tree_around(z[1])
    model.set_tree(tree)
    cosines = F.normalize(z[1], dim=1) @ tree.centroids[0].T
    leaf = cosines.argmax(1)
    assert len(leaf.unique()) > 3
    assert not torch.equal(leaf, tree.leaf[torch.tensor(IDX)])
    own = F.normalize(z[0], dim=1) @ tree.centroids[0].T
    assert not torch.equal(leaf, own.argmax(1))

    expected = semantic_path_loss(
        [project(z[0]) for project in model.spd_head.projections],
        tree,
        leaf,
        None,
    )
    found = copy.deepcopy(model).loss(images, samples(IDX))['loss_spd']
    torch.testing.assert_close(found, expected)
    other = copy.deepcopy(model).loss(images, samples(IDX[::-1]))['loss_spd']
    torch.testing.assert_close(other, expected)
    images[0], images[1] = images[1], images[0]
    swapped = copy.deepcopy(model).loss(images, samples(IDX))['loss_spd']
    assert abs(swapped - expected) > 1e-4


def test_no_extra_pass(model):
    """Running statistics move once per resolution, tree or not."""
    model.set_tree(random_tree(NUMS, dim=DIM))
    model.loss(views(), samples(IDX))
    assert model.backbone.bn1.num_batches_tracked == 2
    assert model.neck.norm.num_batches_tracked == 1


def test_leaves_are_found_in_float32(model):
    """The second of two prototypes that half precision cannot tell apart."""
    tree = random_tree(NUMS, dim=DIM)
    near = torch.eye(2, DIM)[0]
    further = F.normalize(near + 1e-2 * torch.eye(2, DIM)[1], dim=0)
    tree.centroids[0].zero_()[:2] = torch.stack((near, further))
    model.set_tree(tree)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = model.assign(further.expand(24, -1), torch.tensor(IDX))
    assert found.tolist() == [1] * 8


def batch_free(folder=None):
    """A model in which no image sees another, but in the assignment."""
    group_norm = dict(type='GN', num_groups=4)
    model = build(
        'SwAV',
        hirl=True,
        backbone=dict(RESNET, norm_cfg=group_norm),
        neck=dict(PLAIN['SwAV']['neck'], norm_cfg=group_norm),
        head=head([2, 3]),
        spd_head=dict(
            type='hirl_mm.SPDHead',
            in_channels=DIM,
            num_negatives=None,
            norm_cfg=group_norm,
        ),
    )
    model.set_tree(random_tree(NUMS, dim=DIM))
    if folder is not None:
        model.load_state_dict(torch.load(f'{folder}/model.pth'))
    return model


def gradients(model):
    return {n: p.grad for n, p in model.named_parameters()}


def half_a_batch(rank, folder):
    model = batch_free(folder)
    half = slice(4 * rank, 4 * rank + 4)
    images = [view[half] for view in torch.load(f'{folder}/views.pth')]
    losses = model.loss(images, samples(IDX[half]))
    (losses['loss_ssl'] + losses['loss_spd']).backward()
    found = dict(gradients(model), loss=losses['loss_ssl'].detach())
    for tensor in found.values():
        dist.all_reduce(tensor)
        tensor.div_(2)
    torch.save(found, f'{folder}/{rank}.pth')


def test_two_processes_are_one(tmp_path):
    """Without batch normalisation, which sees the batch of one GPU."""
    model, images = batch_free(), views()
    torch.save(model.state_dict(), tmp_path / 'model.pth')
    torch.save(images, tmp_path / 'views.pth')
    run_processes(half_a_batch, 2, str(tmp_path))
    losses = model.loss(images, samples(IDX))
    (losses['loss_ssl'] + losses['loss_spd']).backward()
    for rank in range(2):
        found = torch.load(tmp_path / f'{rank}.pth')
        torch.testing.assert_close(found.pop('loss'), losses['loss_ssl'])
        expected = gradients(model)
        assert found.keys() == expected.keys()
        for name, grad in expected.items():
            torch.testing.assert_close(
                found[name], grad, atol=1e-5, rtol=1e-3, msg=name
            )
