"""DINO and iBOT, step by step, against the methods written out."""

import copy

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub

from hirl_mm.registry import MODELS
from tests.algorithms import VIT, build, plain_config, step_samples
from tests.oracles.self_distillation import Training
from tests.samples import IDX, samples

LR, MAX_ITERS = 0.2, 10
# The weights of masked patches are float32.
EXACT = dict(rtol=1e-4, atol=1e-6)
VIEWS = [32, 32, 16, 16, 16]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    yield
    at(iteration=0, epoch=0)


def at(iteration, epoch):
    """What MMEngine's RuntimeInfoHook does in a Runner."""
    hub = MessageHub.get_current_instance()
    hub.update_info('iter', iteration)
    hub.update_info('max_iters', MAX_ITERS)
    hub.update_info('epoch', epoch)


def model_of(name, **head):
    cfg = plain_config(name)
    cfg['head'] = dict(
        cfg['head'],
        warmup_teacher_temp=0.1,
        teacher_temp=0.3,
        warmup_teacher_temp_epochs=3,
        center_momentum=0.7,
        **head,
    )
    return build(name, **dict(cfg, num_crops=(2, 3), base_momentum=0.6))


def views_of(batch_size=8):
    sizes = [(batch_size, 3, size, size) for size in VIEWS]
    return [torch.randn(size, dtype=torch.float64) for size in sizes]


def masks_of(data_samples):
    masks = np.stack([sample.masked_patches for sample in data_samples], 1)
    return torch.from_numpy(masks.reshape(*masks.shape[:2], -1))


@pytest.mark.parametrize('name', ['DINO', 'iBOT'])
def test_training_is_that_of_the_paper(name):
    """Losses, gradients, centres and teacher over five steps."""
    model = model_of(name, student_temp=0.2).double()
    temps = [(0.2, t) for t in (0.1, 0.1, 0.2, 0.2, 0.3)]
    expected = Training(model, 0.6, 0.7, temps, MAX_ITERS)
    optimizer, naive = (
        torch.optim.SGD([p for p in m.parameters() if p.requires_grad], LR)
        for m in (model, expected.student)
    )
    for step in range(5):
        at(iteration=step, epoch=step // 2)
        views, data_samples = views_of(), step_samples(name, IDX)
        masks = masks_of(data_samples) if name == 'iBOT' else None
        wanted = expected.losses(views, 2, masks)
        found = model.loss(views, data_samples)
        losses = [v for k, v in found.items() if 'loss' in k]
        torch.testing.assert_close(
            torch.stack(losses), torch.stack(wanted), **EXACT
        )
        optimizer.zero_grad()
        naive.zero_grad()
        sum(losses).backward()
        sum(wanted).backward()
        for network in ('backbone', 'neck'):
            of_naive = getattr(expected.student, network).named_parameters()
            of_naive = {k: p.grad for k, p in of_naive}
            for key, p in getattr(model, network).named_parameters():
                torch.testing.assert_close(p.grad, of_naive[key], **EXACT)
        direction = expected.student.last_layer.parametrizations.weight
        torch.testing.assert_close(
            model.head.last_layer.weight.grad,
            direction.original1.grad,
            **EXACT,
        )
        optimizer.step()
        naive.step()
        model.move_teacher()
        expected.move_teacher()
        torch.testing.assert_close(model.head.center, expected.center, **EXACT)
    teacher = dict(model.teacher.backbone.named_parameters())
    for key, p in expected.teacher.backbone.named_parameters():
        torch.testing.assert_close(teacher[key], p, **EXACT)
        assert not torch.allclose(p, model.backbone.get_parameter(key))
    if name == 'iBOT':
        torch.testing.assert_close(
            model.head.patch_center, expected.patch_center, **EXACT
        )


@pytest.mark.parametrize('name', ['DINO', 'iBOT'])
def test_teacher_starts_as_the_student_and_takes_no_part(name):
    model = model_of(name)
    for part in ('backbone', 'neck'):
        student = getattr(model, part).state_dict()
        teacher = getattr(model.teacher, part).state_dict()
        assert student.keys() == teacher.keys()
        assert all(torch.equal(student[k], teacher[k]) for k in student)
    last = model.teacher.last_layer.weight
    assert torch.equal(last, model.head.last_layer.weight)
    views = [view.float() for view in views_of()]
    losses = model.loss(views, step_samples(name, IDX))
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    assert all(not p.requires_grad for p in model.teacher.parameters())
    assert all(p.grad is None for p in model.teacher.parameters())
    unused = [
        key
        for key, p in model.named_parameters()
        if p.requires_grad and p.grad is None
    ]
    assert not unused


def test_stochastic_depth_is_the_students_alone():
    cfg = plain_config('DINO')
    backbone = dict(cfg['backbone'], drop_path_rate=0.9)
    model = build('DINO', backbone=backbone)
    model.eval()
    model.train()
    images = torch.randn(8, 3, 32, 32)
    assert torch.equal(model.teacher(images), model.teacher(images))
    one, other = (model.backbone(images)[0] for _ in range(2))
    assert not torch.equal(one, other)


@pytest.mark.parametrize('name', ['DINO', 'iBOT'])
def test_evaluated_features_are_the_teachers(name):
    model = model_of(name).eval()
    with torch.no_grad():
        model.backbone.cls_token.add_(1)
    images = torch.randn(2, 3, 32, 32)
    found = model.extract_feat(images)[0]
    assert torch.equal(found, model.teacher.backbone(images)[0])
    assert not torch.allclose(found, model.backbone(images)[0])


@pytest.mark.parametrize('name', ['DINO', 'iBOT'])
def test_teacher_serves_mmpretrain(name, tmp_path):
    """As the pretrained backbone of a classifier, by the prefix of README."""
    model = model_of(name).eval()
    with torch.no_grad():
        for p in model.teacher.parameters():
            p.add_(0.01)
    path = str(tmp_path / 'checkpoint.pth')
    torch.save(dict(state_dict=model.state_dict()), path)
    backbone = MODELS.build(
        dict(
            VIT,
            type='mmpretrain.VisionTransformer',
            init_cfg=dict(
                type='Pretrained', checkpoint=path, prefix='teacher.backbone.'
            ),
        )
    )
    backbone.init_weights()
    backbone.eval()
    images = torch.randn(2, 3, 32, 32)
    expected = model.extract_feat(images)[0][:, 0]
    assert torch.equal(backbone(images)[0], expected)


def test_masked_patches_alone_carry_the_mask_token():
    model = model_of('iBOT').eval()
    images = torch.randn(2, 3, 32, 32)
    backbone = model.backbone
    none = torch.zeros(2, 16, dtype=torch.bool)
    plain = backbone(images)[0]
    torch.testing.assert_close(backbone(images, mask=none)[0], plain)
    one = none.clone()
    one[0, 3] = True
    masked = backbone(images, mask=one)[0]
    torch.testing.assert_close(masked[1], plain[1])
    assert not torch.allclose(masked[0], plain[0])
    hidden = images.clone()
    hidden[0, :, :8, 24:] = 7
    torch.testing.assert_close(backbone(hidden, mask=one)[0], masked)


def test_a_view_without_a_mask_leaves_the_patch_loss_at_zero():
    model = model_of('iBOT')
    data_samples = samples(IDX)
    for sample in data_samples:
        empty = np.zeros((2, 4, 4), dtype=bool)
        sample.set_field(empty, 'masked_patches', field_type='metainfo')
    losses = model.loss([v.float() for v in views_of()], data_samples)
    assert losses['loss_patch'] == 0
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    assert torch.equal(model.backbone.mask_token.grad, torch.zeros(1, 1, 24))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('name', ['DINO', 'iBOT'])
def test_half_precision(name, dtype):
    model = model_of(name)
    views = [view.float() for view in views_of()]
    expected = copy.deepcopy(model).loss(views, step_samples(name, IDX))
    with torch.autocast('cpu', dtype=dtype):
        found = model.loss(views, step_samples(name, IDX))
    for key in expected:
        assert found[key].dtype == torch.float32
        torch.testing.assert_close(
            found[key], expected[key], rtol=0.05, atol=0
        )
    sum(v for k, v in found.items() if 'loss' in k).backward()
    for p in model.backbone.parameters():
        assert p.grad.isfinite().all() and p.dtype == torch.float32
    assert model.head.center.dtype == torch.float32


def test_other_numbers_of_views():
    model = model_of('DINO')
    views = [view.float() for view in views_of()]
    with pytest.raises(ValueError, match=r'num_crops=\(2, 3\).*makes 4'):
        model.loss(views[:4], samples(IDX))
    with pytest.raises(ValueError, match=r'num_views=\[2, 3\]'):
        model.loss(views[0], samples(IDX))


@pytest.mark.parametrize('num_crops', [(1, 4), (2,), (2, -1)])
def test_too_few_crops(num_crops):
    with pytest.raises(ValueError, match='num_crops must be'):
        build('DINO', num_crops=num_crops)


def test_parts_that_do_not_fit():
    cfg = plain_config('iBOT')
    with pytest.raises(ValueError, match='head has in_channels=9'):
        build('iBOT', head=dict(cfg['head'], in_channels=9))
    with pytest.raises(ValueError, match='neck has in_channels=9.*have 24'):
        build('iBOT', neck=dict(cfg['neck'], in_channels=9))
    with pytest.raises(ValueError, match=r'momentum of a teacher .* got 1\.5'):
        build('iBOT', base_momentum=1.5)
    with pytest.raises(ValueError, match='teacher_temp .* must be positive'):
        build('iBOT', head=dict(cfg['head'], teacher_temp=0))


def test_missing_masks():
    model = model_of('iBOT')
    views = [view.float() for view in views_of()]
    with pytest.raises(ValueError, match='BlockMask.*num_masks=2'):
        model.loss(views, samples(IDX))


def test_masks_of_another_grid():
    model = model_of('iBOT')
    data_samples = samples(IDX)
    for sample in data_samples:
        masks = np.zeros((2, 5, 5), dtype=bool)
        sample.set_field(masks, 'masked_patches', field_type='metainfo')
    views = [view.float() for view in views_of()]
    with pytest.raises(ValueError, match=r'has 25 .* grid_size=\(4, 4\)'):
        model.loss(views, data_samples)


def test_a_teacher_that_no_one_moves(monkeypatch):
    monkeypatch.setattr(
        'hirl_mm.models.selfsup.moves_teacher._MAX_STEPS_WITHOUT_UPDATE',
        3,
    )
    model = build('DINO')
    views = [torch.randn(2, 3, 32, 32)] * 2
    for _ in range(3):
        model.loss(views, samples([0, 1]))
    with pytest.raises(RuntimeError, match='TeacherUpdateHook'):
        model.loss(views, samples([0, 1]))
    model = build('DINO')
    for _ in range(5):
        model.loss(views, samples([0, 1]))
        model.move_teacher()
