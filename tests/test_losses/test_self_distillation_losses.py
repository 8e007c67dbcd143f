import math

import pytest
import torch

from hirl_mm.losses import (
    mean_entropy,
    patch_distillation_loss,
    teacher_probabilities,
    view_distillation_loss,
)
from hirl_mm.models.modules import teacher_temperature
from tests.oracles import self_distillation as naive

K = 7


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def double(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize(
    ('num_views', 'num_targets'), [(2, 2), (4, 2), (12, 2), (5, 3), (3, 1)]
)
def test_views_against_the_loop_over_pairs(num_views, num_targets):
    student = double(num_views, 3, K).requires_grad_()
    teacher, center = double(num_targets, 3, K), double(K)
    expected = naive.view_loss(student, teacher, center, 0.1, 0.5)
    (gradient,) = torch.autograd.grad(expected, student)
    targets = teacher_probabilities(teacher, center, 0.5)
    found = view_distillation_loss(student, targets, 0.1)
    torch.testing.assert_close(found, expected)
    found.backward()
    torch.testing.assert_close(student.grad, gradient)


def test_patches_against_the_sum_over_masked_patches():
    student = double(2, 3, 5, K).requires_grad_()
    teacher, center = double(2, 3, 5, K), double(K)
    masks = torch.rand(2, 3, 5) < 0.5
    masks[1, 2] = False
    expected = naive.patch_loss(student, teacher, masks, center, 0.2, 0.3)
    (gradient,) = torch.autograd.grad(expected, student)
    counts = masks.sum(-1).clamp(min=1)
    weight = (1 / counts / 6)[..., None].expand_as(masks)
    targets = teacher_probabilities(teacher[masks], center, 0.3)
    found = patch_distillation_loss(
        student[masks], targets, weight[masks], 0.2
    )
    torch.testing.assert_close(found, expected)
    found.backward()
    torch.testing.assert_close(student.grad, gradient)


def test_no_masked_patch():
    student = torch.randn(0, K, requires_grad=True)
    loss = patch_distillation_loss(
        student, torch.zeros(0, K), torch.zeros(0), 0.1
    )
    loss.backward()
    assert loss == 0


def test_by_hand():
    """Two views, two dimensions: -log of a logistic function."""
    student = torch.tensor([[[0.0, 1.0]], [[2.0, 0.0]]])
    sure_of_0 = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]]])
    # of view 0 to view 1: log(1 + exp(-4)); of view 1 to 0: log(1 + exp(2))
    expected = (math.log1p(math.exp(-4)) + math.log1p(math.exp(2))) / 2
    found = view_distillation_loss(student, sure_of_0, 0.5)
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_outputs_that_tell_nothing_cost_log_k():
    flat = torch.full((3, 2, K), 1 / K)
    loss = view_distillation_loss(torch.zeros(4, 2, K), flat, 0.1)
    assert loss.item() == pytest.approx(math.log(K), rel=1e-6)
    assert mean_entropy(flat).item() == pytest.approx(math.log(K), rel=1e-6)


def test_entropy_is_the_floor_of_the_loss():
    targets = torch.randn(1, 4, K).softmax(-1).expand(2, -1, -1)
    student = targets.log()[:1].expand(3, -1, -1) * 0.1 + 5
    loss = view_distillation_loss(student, targets, 0.1)
    torch.testing.assert_close(loss, mean_entropy(targets))
    assert view_distillation_loss(student.flip(-1), targets, 0.1) > loss + 0.1


def test_centre_and_temperature():
    logits = double(4, K)
    center = logits.mean(0)
    found = teacher_probabilities(logits, center, 0.04)
    expected = ((logits - center) / 0.04).softmax(1)
    torch.testing.assert_close(found, expected)
    same = teacher_probabilities(logits.mean(0).expand(3, K), center, 0.04)
    torch.testing.assert_close(
        same, torch.full_like(same, 1 / K), rtol=1e-5, atol=1e-6
    )


def test_targets_take_no_gradient():
    logits = torch.randn(2, 3, K, requires_grad=True)
    assert not teacher_probabilities(logits, logits[0, 0], 0.1).requires_grad


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_outputs_are_compared_in_float32(dtype):
    student = torch.randn(4, 3, K).mul(20).to(dtype)
    teacher = torch.randn(2, 3, K).mul(20).to(dtype)
    with torch.autocast('cpu', dtype=dtype):
        targets = teacher_probabilities(teacher, torch.zeros(K), 0.04)
        found = view_distillation_loss(student, targets, 0.1)
    assert found.dtype == targets.dtype == torch.float32
    expected = view_distillation_loss(
        student.float(),
        teacher_probabilities(teacher.float(), torch.zeros(K), 0.04),
        0.1,
    )
    assert torch.equal(found, expected)
    assert found.isfinite()


def test_temperature_rises_in_equal_steps():
    """0.04 to 0.07 over 50 epochs, both ends reached, then constant."""
    temps = [teacher_temperature(e, 0.04, 0.07, 50) for e in range(400)]
    expected = torch.linspace(0.04, 0.07, 50, dtype=torch.float64).tolist()
    assert temps == pytest.approx(expected + [0.07] * 350)


@pytest.mark.parametrize('num_epochs', [0, 1])
def test_no_warmup(num_epochs):
    assert teacher_temperature(0, 0.04, 0.07, num_epochs) == 0.07
