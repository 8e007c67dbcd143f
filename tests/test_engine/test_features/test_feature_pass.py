"""Images of the feature pass against pixels read and normalised by hand."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS
from PIL import Image
from torch import nn

from hirl_mm.engine.features.feature_pass import (
    feature_loader,
    feature_pass,
    whole_backbone_features,
)
from tests.algorithms import build
from tests.processes import run_processes

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
PREPROCESSORS = {
    'one': dict(type='SelfSupDataPreprocessor'),
    'two': dict(
        type='TwoNormDataPreprocessor',
        second_mean=[-31.875] * 3,
        second_std=[318.75] * 3,
    ),
}


@pytest.fixture
def pictures(tmp_path):
    """Seven coloured images, (7, 32, 32, 3) uint8 RGB, and their folder."""
    pixels = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3))
    pixels = pixels.astype(np.uint8)
    for i, image in enumerate(pixels):
        folder = tmp_path / f'class_{i % 2}'
        folder.mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / f'{i}.png')
    order = [i for i in range(7) if i % 2 == 0] + [1, 3, 5]
    return tmp_path, pixels[order]


@pytest.fixture(params=PREPROCESSORS)
def model(request):
    torch.manual_seed(0)
    cfg = PREPROCESSORS[request.param]
    return build(
        'BEiT',
        hirl=True,
        data_preprocessor=dict(cfg, mean=MEAN, std=STD, to_rgb=True),
    )


def loader(root, batch_size):
    init_default_scope('mmpretrain')
    pipeline = [dict(type='hirl_mm.LoadImage'), dict(type='PackInputs')]
    dataset = DATASETS.build(
        dict(type='CustomDataset', data_root=str(root), pipeline=pipeline)
    )
    return feature_loader(dataset, None, batch_size, num_workers=0)


def normalized(pixels):
    by_hand = (pixels - np.array(MEAN)) / np.array(STD)
    return torch.tensor(by_hand, dtype=torch.float32).permute(0, 3, 1, 2)


# 7 images in batches of 2 end with one of 1
@pytest.mark.parametrize('batch_size', [1, 2, 3, 7])
def test_every_image_is_normalised_as_the_first_view(
    model, pictures, batch_size
):
    root, pixels = pictures
    sample_idx, seen = feature_pass(
        model, lambda x: x.flatten(1), loader(root, batch_size), 'test'
    )
    assert sample_idx.tolist() == list(range(7))
    torch.testing.assert_close(seen, normalized(pixels).flatten(1))


def test_class_tokens_of_beit(model, pictures):
    """What is clustered and what kNN compares are the same, unmasked."""
    root, pixels = pictures
    model.eval()
    with torch.no_grad():
        tokens = model.backbone(normalized(pixels), mask=None)[0]
        mask = torch.zeros(7, 4, 4)
        unmasked = model.backbone(normalized(pixels), mask)[0]
    assert tokens.shape == (7, 17, 16)
    torch.testing.assert_close(tokens, unmasked)
    args = model.train(), model.extract_z0, loader(root, 3), 'test'
    _, clustered = feature_pass(*args)
    torch.testing.assert_close(clustered, tokens[:, 0])
    compared = whole_backbone_features(model, loader(root, 3), 'test')
    torch.testing.assert_close(compared, clustered)


def test_pairs_of_beit_keep_both_normalisations():
    """Training is untouched."""
    torch.manual_seed(0)
    cfg = dict(PREPROCESSORS['two'], mean=MEAN, std=STD, to_rgb=True)
    model = build('BEiT', data_preprocessor=cfg)
    pixels = np.random.default_rng(1).integers(0, 256, (4, 8, 8, 3))
    bgr = torch.tensor(pixels[..., ::-1].copy()).permute(0, 3, 1, 2)
    batch = dict(inputs=[bgr, bgr], data_samples=[])
    first, second = model.data_preprocessor(batch, True)['inputs']
    torch.testing.assert_close(first, normalized(pixels))
    tokenizer = torch.tensor(0.8 * pixels / 255 + 0.1).permute(0, 3, 1, 2)
    torch.testing.assert_close(second, tokenizer.float())


def normalised_model():
    """With batch normalisation, in evaluation mode or not."""
    torch.manual_seed(0)
    return build('MoCo', hirl=True)


def norms(model):
    return [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]


def features_of_one_rank(rank, root, folder):
    """Every rank has seen other images and has other running statistics."""
    model = normalised_model()
    for norm in norms(model):
        norm.running_mean += 0.5 * rank
        norm.running_var *= 1 + rank
    features = whole_backbone_features(model, loader(root, 3), 'test')
    torch.save(features, f'{folder}/{rank}.pth')


def test_ranks_use_the_mean_of_their_running_statistics(pictures, tmp_path):
    root, _ = pictures
    folder = tmp_path / 'found'
    folder.mkdir()
    run_processes(features_of_one_rank, 2, str(root), str(folder))
    model = normalised_model()
    own = whole_backbone_features(model, loader(root, 3), 'test')
    for norm in norms(model):
        norm.running_mean += 0.25
        norm.running_var *= 1.5
    expected = whole_backbone_features(model, loader(root, 3), 'test')
    assert not torch.allclose(expected, own, rtol=0.01)
    for rank in range(2):
        found = torch.load(folder / f'{rank}.pth')
        torch.testing.assert_close(found, expected)
