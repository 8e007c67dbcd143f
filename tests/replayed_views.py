"""Views of MMPreTrain's transforms, and the same views of the package."""

import random
from contextlib import contextmanager

import numpy as np
import torch
from mmcv.transforms import RandomApply, RandomGrayscale
from mmpretrain.datasets import transforms as mmpretrain

from hirl_mm.datasets.transforms import TwoSizeCrop
from hirl_mm.views import ColorJitterValues, RaggedImages, ViewParameters


def picture(height, width, seed=0):
    """An image with smooth parts, edges, noise and the extreme values."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = np.stack(
        [128 + 120 * np.sin(y / 9 + c) * np.cos(x / 13 - c) for c in range(3)],
        2,
    )
    waves[(y // 16 + x // 16) % 5 == 0] = rng.choice([0, 255], 3)
    waves += rng.integers(-20, 21, waves.shape)
    return waves.clip(0, 255).astype(np.uint8)


def replay(transforms, image):
    """Return what transforms make of an image, and what they drew."""
    results, drawn = dict(img=image), []
    for transform in transforms:
        with _rewound():
            drawn.append(_draw(transform, results['img']))
        results = transform(results)
    return results['img'], drawn


def same_view(view, images, drawn):
    """Return the views (V, 3, H, W) of images with given draws.

    Args:
        view: The view.
        images: V arrays (H, W, 3).
        drawn: For each of them, what :func:`replay` returns.
    """
    tensors = [torch.from_numpy(np.ascontiguousarray(x)) for x in images]
    columns = []
    for column in zip(*drawn, strict=True):
        if isinstance(column[0], ColorJitterValues):
            parts = zip(*column, strict=True)
            columns.append(ColorJitterValues(*map(torch.cat, parts)))
        else:
            columns.append(torch.cat(column))
    parameters = ViewParameters(torch.arange(len(tensors)), tuple(columns))
    return view.apply(RaggedImages.of(tensors), parameters)


def channels_last(views):
    """Return views (V, 3, H, W) as an int array (V, H, W, 3)."""
    return views.permute(0, 2, 3, 1).int().numpy()


@contextmanager
def _rewound():
    """Random numbers that are drawn here will be drawn again."""
    states = random.getstate(), np.random.get_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


def _draw(transform, image):
    """Return one row of parameters, as ``draw`` of the step returns them."""
    if isinstance(transform, mmpretrain.RandomResizedCrop):
        return torch.tensor([transform.rand_crop_params(image)])
    if isinstance(transform, TwoSizeCrop):
        return torch.tensor([transform._box(*image.shape[:2])])
    if isinstance(transform, mmpretrain.RandomFlip):
        return torch.tensor([transform._choose_direction() is not None])
    if isinstance(transform, RandomApply):
        applied = transform.random_apply()
        (inner,) = transform
        values = _draw(inner, image)
        return values._replace(applied=torch.tensor([applied]))
    if isinstance(transform, mmpretrain.ColorJitter):
        order, *factors = transform._rand_params()
        return ColorJitterValues(
            torch.tensor([True]),
            torch.tensor(order)[None],
            torch.tensor(
                [[1.0 if f is None else f for f in factors]]
            ).double(),
        )
    if isinstance(transform, RandomGrayscale):
        return torch.tensor([transform._random_prob() < transform.prob])
    disabled = transform.random_disable()
    if isinstance(transform, mmpretrain.Solarize):
        return torch.tensor([not disabled])
    radius = transform.radius
    if not disabled and radius is None:
        radius = transform.random_magnitude()
    return torch.tensor([0.0 if disabled else radius]).double()
