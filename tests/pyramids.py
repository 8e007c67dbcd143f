"""Views of a PatchPyramid, made by the workers or on the device."""

import random

import numpy as np
import torch
from mmpretrain.registry import MODELS, TRANSFORMS

from hirl_mm.datasets.collate import ragged_collate
from hirl_mm.datasets.transforms import PatchPyramid
from hirl_mm.datasets.view_pipeline import split_pipeline
from hirl_mm.views import (
    ColorJitterValues,
    PatchParameters,
    ViewParameters,
)
from tests.replayed_views import replay

FORMS = 'cpu', 'device'
WHOLE = dict(
    type='mmpretrain.RandomResizedCrop',
    scale=16,
    backend='pillow',
    interpolation='bilinear',
)


def pyramid_config(scales, patch_transforms=(), **options):
    """Config of a PatchPyramid with one whole view, if not told otherwise."""
    return dict(
        type='hirl_mm.PatchPyramid',
        num_views=options.pop('num_views', [1]),
        transforms=options.pop('transforms', [[WHOLE]]),
        scales=scales,
        patch_transforms=list(patch_transforms),
        **options,
    )


def device_views(cfg):
    """The data preprocessor that makes the views of a pyramid."""
    parts = split_pipeline([cfg, dict(type='PackInputs')])
    return MODELS.build(
        dict(
            type='hirl_mm.DeviceViews',
            num_views=parts.num_views,
            transforms=parts.transforms,
            patches=parts.patches,
            data_preprocessor=dict(mean=[0] * 3, std=[1] * 3),
        )
    )


def batch_of(images):
    """Images as workers pack and join them for the device."""
    pack = TRANSFORMS.build(dict(type='hirl_mm.PackWholeImage'))
    return ragged_collate(
        [
            pack(dict(img=image, img_path=f'folder/{i}.jpg', sample_idx=i))
            for i, image in enumerate(images)
        ]
    )


def views_of(form, cfg, images, seed=0):
    """Views of images, one list of arrays (H, W, 3) uint8 for each."""
    if form == 'cpu':
        transform = TRANSFORMS.build(cfg)
        random.seed(seed)
        np.random.seed(seed)
        return [
            transform(dict(img=image, img_path=f'folder/{i}.jpg'))['img']
            for i, image in enumerate(images)
        ]
    model = device_views(cfg)
    model.seed = seed
    made = model.with_views(batch_of(images))['inputs']
    made = made if isinstance(made, list) else [made]
    return [
        [views[i].permute(1, 2, 0).numpy() for views in made]
        for i in range(len(images))
    ]


def replay_patches(cfg, images, seed=0):
    """Patches as the workers make them, and what was drawn for them.

    Nothing of PatchPyramid makes the patches here but its whole views.

    Returns:
        For every scale: patches (2 * M * B, P, P, 3), the first of every
        image, the second of every image and so on, and PatchParameters.
    """
    pyramid = PatchPyramid(**{k: v for k, v in cfg.items() if k != 'type'})
    random.seed(seed)
    np.random.seed(seed)
    found = [[] for _ in pyramid.scales]
    for image in images:
        pyramid.views(dict(img=image))
        for scale, of_scale in zip(pyramid.scales, found, strict=True):
            of_scale.append(_replay_scale(pyramid, scale, image))
    return [
        _joined(of_scale, scale)
        for scale, of_scale in zip(pyramid.scales, found, strict=True)
    ]


def _replay_scale(pyramid, scale, image):
    crop = TRANSFORMS.build(
        dict(
            type='mmpretrain.RandomResizedCrop',
            scale=scale.region_size,
            crop_ratio_range=scale.crop_ratio_range,
            interpolation=scale.interpolation,
            backend='pillow',
        )
    )
    region, (box,) = replay([crop], image)
    cell = scale.region_size // scale.grid
    patches = []
    for _ in range(2):
        free = cell - scale.patch_size
        places = np.random.randint(free + 1, size=(scale.grid**2, 2))
        for m, (down, right) in enumerate(places):
            top = m // scale.grid * cell + down
            left = m % scale.grid * cell + right
            end = top + scale.patch_size, left + scale.patch_size
            patch = region[top : end[0], left : end[1]].copy()
            made, drawn = replay(pyramid.patch_transforms.transforms, patch)
            side = scale.patch_size
            corner = torch.tensor([[top, left, side, side]])
            patches.append((made, [corner, *drawn]))
    return box, patches


def _joined(of_scale, scale):
    boxes, patches = zip(*of_scale, strict=True)
    num = len(boxes)
    rows = [patch for m in zip(*patches, strict=True) for patch in m]
    made, drawn = zip(*rows, strict=True)
    columns = []
    for column in zip(*drawn, strict=True):
        if isinstance(column[0], ColorJitterValues):
            parts = zip(*column, strict=True)
            columns.append(ColorJitterValues(*map(torch.cat, parts)))
        else:
            columns.append(torch.cat(column))
    images = torch.arange(num)
    return np.stack(made), PatchParameters(
        ViewParameters(images, (torch.cat(boxes),)),
        ViewParameters(images.repeat(2 * scale.grid**2), tuple(columns)),
    )
