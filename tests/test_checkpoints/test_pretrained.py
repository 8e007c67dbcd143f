"""The model of a training config with weights of a file."""

import pytest
import torch
from mmengine.config import Config

from hirl_mm.engine.evaluation.pretrained import load_pretrained
from tests.algorithms import plain_config
from tests.trained_files import logged, save, trained


def load(name, path, **options):
    model = dict(plain_config(name), **options)
    return load_pretrained(Config(dict(model=model)), path).cpu()


def evaluated(model):
    return (
        model.teacher.backbone
        if hasattr(model, 'teacher')
        else (model.backbone)
    )


def features(model, size=32):
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 3, size, size, generator=generator)
    with torch.no_grad():
        return model.extract_feat(images)[0]


@pytest.mark.parametrize('name', ['MoCo', 'MoCoV3', 'DINO', 'iBOT', 'BEiT'])
def test_checkpoint_of_the_training(name, tmp_path):
    """HIRL's into the plain model; every weight that both have is loaded."""
    source = trained(name)
    with logged() as records:
        model = load(name, save(source.state_dict(), tmp_path))
    assert torch.equal(features(model), features(source))
    assert not model.training
    for key, value in model.state_dict().items():
        assert torch.equal(value, source.state_dict()[key]), key
    assert not [text for level, text in records if level == 'WARNING']


@pytest.mark.parametrize('name', ['MoCo', 'DINO', 'iBOT'])
@pytest.mark.parametrize('prefix', ['backbone.', ''])
def test_file_of_a_backbone_becomes_what_is_evaluated(prefix, name, tmp_path):
    source = trained(name)
    weights = evaluated(source).state_dict()
    path = save({prefix + k: v for k, v in weights.items()}, tmp_path)
    with logged() as records:
        model = load(name, path)
    assert torch.equal(features(model), features(source))
    (warning,) = [text for level, text in records if level == 'WARNING']
    assert 'outside the evaluated backbone: missing weights: ' in warning
    if prefix and name != 'MoCo':
        assert torch.equal(model.backbone.pos_embed, weights['pos_embed'])


def test_teacher_of_a_checkpoint_serves_a_method_without_one(tmp_path):
    source = trained('DINO')
    model = load('MoCoV3', save(source.state_dict(), tmp_path))
    student = source.backbone.state_dict()
    for key, value in source.teacher.backbone.state_dict().items():
        assert torch.equal(model.backbone.state_dict()[key], value), key
        assert not torch.equal(value, student[key]), key


def test_teacher_that_is_missing_is_an_error(tmp_path):
    """The student alone would have passed for it."""
    state = trained('DINO').state_dict()
    for key in [k for k in state if k.startswith('teacher.backbone.layers')]:
        del state[key]
    with pytest.raises(
        ValueError,
        match=r"holds 6 of the 30 weights .* prefix='backbone.' would fit",
    ):
        load('DINO', save(state, tmp_path))


def test_positions_of_the_teacher_are_interpolated(tmp_path):
    source = trained('DINO')
    backbone = dict(plain_config('DINO')['backbone'], img_size=64)
    with logged() as records:
        path = save(source.state_dict(), tmp_path)
        model = load('DINO', path, backbone=backbone)
    torch.testing.assert_close(features(model, 64), features(source, 64))
    texts = [text for _, text in records]
    assert 'interpolated from 4 x 4 to 8 x 8 patches' in str(texts)
    assert texts[-1].endswith(
        'weights of another shape: backbone.pos_embed (expected (1, 65, 24), '
        'found (1, 17, 24))'
    )


def test_other_parts_of_another_size_do_not_matter(tmp_path):
    source = trained('MoCo')
    with logged() as records:
        path = save(source.state_dict(), tmp_path)
        model = load('MoCo', path, queue_len=48)
    assert torch.equal(features(model), features(source))
    assert (
        'weights of another shape: queue (expected (16, 48)' in records[-1][1]
    )


def test_random_initialisation_is_that_of_the_seed():
    first, second = load('MoCo', None), load('MoCo', None)
    assert torch.equal(features(first), features(second))
    assert not first.training


def test_no_name_is_an_error():
    with pytest.raises(ValueError, match='no checkpoint is given'):
        load('MoCo', '')
