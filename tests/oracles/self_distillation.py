"""DINO and iBOT written out: a loop over pairs, all patches, one view a time.

Follows the papers (DINO Algorithm 1; iBOT section 3) and, for the schedules,
the authors' code; shares nothing with hirl_mm but the networks.
"""

import copy
import math

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


def cross_entropy(target, logits, temperature):
    """Mean over rows of ``-sum target log softmax(logits / temperature)``."""
    rows = []
    for q, x in zip(target, logits / temperature, strict=True):
        rows.append(-(q * (x - x.exp().sum().log())).sum())
    return sum(rows) / len(rows)


def view_loss(student, teacher, center, student_temp, teacher_temp):
    """Over all pairs of a global view and another view."""
    terms = []
    for t, teacher_view in enumerate(teacher):
        target = ((teacher_view - center) / teacher_temp).softmax(1).detach()
        for s, student_view in enumerate(student):
            if s != t:
                terms.append(cross_entropy(target, student_view, student_temp))
    return sum(terms) / len(terms)


def patch_loss(student, teacher, masks, center, student_temp, teacher_temp):
    """Mean over views and images of the mean over masked patches.

    Args:
        student: Per view (B, N, K).
        teacher: Likewise.
        masks: Per view (B, N) bool.
    """
    terms = []
    for x, y, mask in zip(student, teacher, masks, strict=True):
        for image in range(len(x)):
            at = mask[image].nonzero()[:, 0].tolist()
            loss = sum(
                cross_entropy(
                    ((y[image, n : n + 1] - center) / teacher_temp).softmax(1),
                    x[image, n : n + 1],
                    student_temp,
                )
                for n in at
            )
            terms.append(loss / max(len(at), 1) + x.sum() * 0)
    return sum(terms) / len(terms)


def last_layer_of(layer):
    """PyTorch's own weight normalisation, its lengths set to 1."""
    size, dim = layer.weight.shape
    linear = nn.Linear(dim, size, bias=False).to(layer.weight)
    linear.weight.data.copy_(layer.weight)
    linear = weight_norm(linear, dim=0)
    linear.parametrizations.weight.original0.data.fill_(1)
    linear.parametrizations.weight.original0.requires_grad_(False)
    return linear


class Network(nn.Module):
    """A copy of backbone, neck and last layer, without the algorithm."""

    def __init__(self, backbone, neck, last_layer):
        super().__init__()
        self.backbone = copy.deepcopy(backbone)
        self.neck = copy.deepcopy(neck)
        self.last_layer = last_layer_of(last_layer)

    def forward(self, view, mask=None):
        """Logits of the class token (B, K) and of patches (B, N, K)."""
        masked = {} if mask is None else dict(mask=mask)
        tokens = self.neck(self.backbone(view, **masked)[0])
        tokens = tokens / tokens.norm(dim=-1, keepdim=True)
        logits = self.last_layer(tokens)
        return logits[:, 0], logits[:, 1:]


class Training:
    """A student and a teacher, trained step by step.

    Args:
        model: Gives the networks at the start.
        momentum: Of the teacher in the first step.
        center_momentum: Of the centres.
        temps: Temperatures of student and teacher, for every step.
        max_iters: Length of the training.
    """

    def __init__(self, model, momentum, center_momentum, temps, max_iters):
        parts = (model.backbone, model.neck, model.head.last_layer)
        self.student, self.teacher = Network(*parts), Network(*parts)
        self.teacher.eval()
        self.momentum, self.center_momentum = momentum, center_momentum
        self.temps, self.max_iters = temps, max_iters
        size = len(model.head.center)
        self.center = torch.zeros(size, dtype=torch.float64)
        self.patch_center = torch.zeros(size, dtype=torch.float64)
        self.step = 0

    def losses(self, views, num_global, masks=None):
        """Of a batch, with a graph; moves the centres."""
        with torch.no_grad():
            teacher = [self.teacher(view) for view in views[:num_global]]
        student = [
            self.student(
                view, None if masks is None or i >= num_global else masks[i]
            )
            for i, view in enumerate(views)
        ]
        temps = self.temps[self.step]
        losses = [
            view_loss(
                [cls for cls, _ in student],
                [cls for cls, _ in teacher],
                self.center,
                *temps,
            )
        ]
        if masks is not None:
            patches = [
                [patch for _, patch in network[:num_global]]
                for network in (student, teacher)
            ]
            losses.append(
                patch_loss(*patches, masks, self.patch_center, *temps)
            )
        self._move('center', torch.cat([cls for cls, _ in teacher]))
        tokens = torch.cat([patch for _, patch in teacher]).flatten(0, 1)
        self._move('patch_center', tokens)
        return losses

    def _move(self, name, logits):
        old = self.center_momentum * getattr(self, name)
        new = (1 - self.center_momentum) * logits.mean(0)
        setattr(self, name, old + new)

    def move_teacher(self):
        """After the optimizer's step."""
        share = self.step / self.max_iters
        momentum = (
            1 - (1 - self.momentum) * (1 + math.cos(math.pi * share)) / 2
        )
        pairs = zip(
            self.teacher.parameters(), self.student.parameters(), strict=True
        )
        for own, new in pairs:
            own.data.copy_(momentum * own.data + (1 - momentum) * new.data)
        self.step += 1
