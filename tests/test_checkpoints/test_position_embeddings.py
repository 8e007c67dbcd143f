"""Position embeddings of checkpoints with images of another size."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from scipy.interpolate import make_interp_spline
from torch import nn
from torch.nn import functional

from hirl_mm.checkpoints import load_backbone
from hirl_mm.checkpoints.position_embeddings import fit_positions
from hirl_mm.checkpoints.relative_positions import resize_table
from hirl_mm.registry import MODELS
from tests.algorithms import PLAIN, VIT
from tests.trained_files import logged, save, trained

TABLE = 'relative_position_bias_table'


def network(kind='VisionTransformer', **options):
    init_default_scope('mmpretrain')
    return MODELS.build(dict(VIT, type=kind, **options))


def beit(**options):
    """Of mmpretrain's backbones for fine-tuning, with the shared table."""
    init_default_scope('mmpretrain')
    cfg = dict(
        PLAIN['BEiT']['backbone'],
        type='BEiTViT',
        out_type='raw',
        final_norm=True,
        use_shared_rel_pos_bias=True,
        use_rel_pos_bias=False,
    )
    return MODELS.build(dict(cfg, **options))


def load(wanted, state, folder):
    with logged() as records:
        load_backbone(wanted, save(state, folder))
    return [text for level, text in records if 'backend' not in text], [
        text for level, text in records if level == 'WARNING'
    ]


def interpolated(embedding, size, mode='bicubic', extra=1, old=4):
    """(1, extra + old * old, C) to (1, extra + h * w, C)."""
    grid = embedding[0, extra:].T.reshape(1, -1, old, old)
    new = functional.interpolate(
        grid, size=size, mode=mode, align_corners=False
    )
    rows = new[0].flatten(1).T
    return torch.cat([embedding[0, :extra], rows])[None]


@pytest.mark.parametrize(
    ('img_size', 'grid'),
    [(64, (8, 8)), (16, (2, 2)), ((32, 64), (4, 8)), ((48, 24), (6, 3))],
)
@pytest.mark.parametrize('name', ['DINO', 'MoCoV3'])
def test_embedding_of_another_size(name, img_size, grid, tmp_path):
    model = trained(name)
    wanted = network(img_size=img_size)
    texts, warnings = load(wanted, model.state_dict(), tmp_path)
    source = model.teacher.backbone if name == 'DINO' else model.backbone
    expected = interpolated(source.pos_embed, grid)
    torch.testing.assert_close(wanted.pos_embed, expected)
    assert torch.equal(wanted.cls_token, source.cls_token)
    (note,) = [text for text in texts if 'interpolated' in text]
    assert note.endswith(
        f'pos_embed interpolated from 4 x 4 to {grid[0]} x {grid[1]} patches'
    )
    assert not warnings and '30 of 30 weights loaded' in texts[0]


def test_same_size_is_copied_without_a_word(tmp_path):
    model, wanted = trained('MoCoV3'), network()
    texts, _ = load(wanted, model.state_dict(), tmp_path)
    assert torch.equal(wanted.pos_embed, model.backbone.pos_embed)
    assert len(texts) == 1


def test_mode_is_the_networks(tmp_path):
    model = trained('MoCoV3')
    wanted = network(img_size=64, interpolate_mode='bilinear')
    load(wanted, model.state_dict(), tmp_path)
    expected = interpolated(model.backbone.pos_embed, (8, 8), 'bilinear')
    torch.testing.assert_close(wanted.pos_embed, expected)


@pytest.mark.parametrize(
    ('img_size', 'said'),
    [
        (32, 'pos_embed without the position of the class token'),
        (64, 'pos_embed interpolated from 4 x 4 to 8 x 8 patches'),
    ],
)
def test_network_without_class_token(img_size, said, tmp_path):
    model = trained('MoCoV3')
    bare = dict(with_cls_token=False, out_type='featmap')
    wanted = network(img_size=img_size, **bare)
    texts, _ = load(wanted, model.state_dict(), tmp_path)
    patches = model.backbone.pos_embed[:, 1:]
    expected = interpolated(patches, (img_size // 8,) * 2, extra=0)
    torch.testing.assert_close(wanted.pos_embed, expected)
    assert any(text.endswith(said) for text in texts)
    again = network(img_size=128, **bare)
    load(again, wanted.state_dict(), tmp_path)
    expected = interpolated(
        wanted.pos_embed, (16, 16), extra=0, old=img_size // 8
    )
    torch.testing.assert_close(again.pos_embed, expected)


def test_two_extra_tokens(tmp_path):
    kind = 'DistilledVisionTransformer'
    source, wanted = network(kind), network(kind, img_size=64)
    nn.init.normal_(source.pos_embed)
    load(wanted, source.state_dict(), tmp_path)
    expected = interpolated(source.pos_embed, (8, 8), extra=2)
    torch.testing.assert_close(wanted.pos_embed, expected)


@pytest.mark.parametrize('num', [1, 1 + 24, 2 + 16])
def test_no_square_grid(num, tmp_path):
    state = trained('MoCoV3').backbone.state_dict()
    state['pos_embed'] = torch.zeros(1, num, 24)
    wanted = network(img_size=64)
    before = wanted.layers[0].ln1.weight.clone()
    with pytest.raises(
        ValueError,
        match=rf'pos_embed of .*pth has shape \(1, {num}, 24\), which cannot '
        r'be interpolated to \(1, 65, 24\)',
    ):
        load_backbone(wanted, save(state, tmp_path))
    assert torch.equal(wanted.layers[0].ln1.weight, before)


def test_missing_embedding_is_said(tmp_path):
    state = trained('MoCoV3').backbone.state_dict()
    del state['pos_embed']
    _, warnings = load(network(), state, tmp_path)
    assert 'missing weights: pos_embed; they keep' in warnings[0]


class Positions(nn.Module):
    """Of another kind: nothing says which grid they have."""

    def __init__(self, num):
        super().__init__()
        self.pos_embed = nn.Parameter(torch.randn(1, num, 4))
        table = nn.Parameter(torch.randn(num, 2))
        self.register_parameter(TABLE, table)


def test_positions_of_unknown_networks_are_left_alone(tmp_path):
    state = Positions(25).state_dict()
    wanted = Positions(25)
    texts, _ = load(wanted, state, tmp_path)
    assert torch.equal(wanted.pos_embed, state['pos_embed'])
    assert len(texts) == 1
    with pytest.raises(ValueError, match='0 of the 2 .* of another shape'):
        load_backbone(Positions(49), save(state, tmp_path))


@pytest.mark.parametrize(
    ('name', 'wanted'),
    [
        ('MoCoV3', dict(kind='VisionTransformer', img_size=64)),
        ('BEiT', dict(kind='BEiTViT', img_size=64)),
    ],
)
def test_weights_given_stay_as_they_are(name, wanted):
    given = trained(name).backbone.state_dict()
    before = dict(given)
    _, notes = fit_positions(network(**wanted), given)
    assert list(given) == list(before) and notes
    assert all(given[key] is before[key] for key in before)


def test_other_width_is_another_network(tmp_path):
    arch = dict(VIT['arch'], embed_dims=32)
    state = network(arch=arch, img_size=64).state_dict()
    with pytest.raises(ValueError, match='holds 2 of the 30 weights'):
        load_backbone(network(), save(state, tmp_path))


def test_grid_that_is_not_square_is_taken_as_the_networks(tmp_path):
    source = network(img_size=(16, 64))
    nn.init.normal_(source.pos_embed)
    wanted = network(img_size=(16, 64))
    texts, _ = load(wanted, source.state_dict(), tmp_path)
    assert torch.equal(wanted.pos_embed, source.pos_embed)
    assert texts[-1].endswith('pos_embed assumed to be for 2 x 8 patches')


def test_grid_that_cannot_be_another_needs_no_word(tmp_path):
    source, wanted = (network(img_size=(32, 64)) for _ in range(2))
    texts, _ = load(wanted, source.state_dict(), tmp_path)
    assert len(texts) == 1


@pytest.mark.parametrize('img_size', [(64, 64), (32, 64)])
def test_features_are_those_of_the_source_at_that_size(img_size, tmp_path):
    """MMPreTrain interpolates in every forward pass of an odd image."""
    model, wanted = trained('MoCoV3'), network(img_size=img_size)
    load(wanted, model.state_dict(), tmp_path)
    wanted.eval()
    images = torch.randn(2, 3, *img_size)
    with torch.no_grad():
        found, expected = wanted(images)[0], model.backbone(images)[0]
    torch.testing.assert_close(found, expected)


def places(old, new):
    """Where the offsets of ``old`` patches lie; from the definition."""
    known, largest, low, high = old - 1, new - 1, 1.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        reach = sum(middle**i for i in range(known))
        low, high = (middle, high) if reach < largest else (low, middle)
    half = np.cumsum([low**i for i in range(known)])
    return np.concatenate([-half[::-1], [0], half])


def resized(biases, old, new):
    """(2h - 1, 2w - 1, H) by one spline after the other."""
    for axis in range(2):
        spline = make_interp_spline(
            places(old[axis], new[axis]), biases, k=3, axis=axis
        )
        biases = spline(np.arange(1 - new[axis], new[axis]))
    return biases


@pytest.mark.parametrize(
    ('old', 'new'),
    [
        ((4, 4), (8, 8)),
        ((4, 4), (4, 8)),
        ((3, 3), (9, 5)),
        ((6, 6), (4, 4)),
        ((4, 7), (5, 3)),
    ],
)
def test_table_is_a_spline_over_offsets(old, new):
    torch.manual_seed(0)
    shape = [2 * side - 1 for side in old]
    table = torch.randn(shape[0] * shape[1] + 3, 2)
    found = resize_table(table, old, new, 3)
    biases = table[:-3].reshape(*shape, 2).double().numpy()
    expected = torch.from_numpy(resized(biases, old, new)).reshape(-1, 2)
    torch.testing.assert_close(
        found[:-3], expected.float(), rtol=1e-4, atol=1e-5
    )
    assert torch.equal(found[-3:], table[-3:])
    assert found.dtype == torch.float32


def test_table_by_hand():
    """Offsets 0, 1, 2 of 3 patches lie at 0, 1, 3 for 4 patches."""
    at = torch.tensor([-3.0, -1, 0, 1, 3])
    table = (at[:, None] ** 3 + 10 * at).reshape(-1, 1)
    found = resize_table(table, (3, 3), (4, 4), 0)
    at = torch.arange(-3.0, 4)
    expected = (at[:, None] ** 3 + 10 * at).reshape(-1, 1)
    torch.testing.assert_close(found, expected)


def test_smaller_table_is_the_middle_of_the_larger():
    table = torch.randn(11, 11, 3)
    found = resize_table(table.reshape(-1, 3), (6, 6), (4, 4), 0)
    middle = table[2:-2, 2:-2].reshape(-1, 3)
    torch.testing.assert_close(found, middle)


@pytest.mark.parametrize('img_size', [64, (32, 48), 16])
def test_table_of_beit_at_another_size(img_size, tmp_path):
    model = trained('BEiT')
    wanted = beit(img_size=img_size)
    texts, warnings = load(wanted, model.state_dict(), tmp_path)
    source = getattr(model.backbone.rel_pos_bias, TABLE).detach()
    new = wanted.patch_resolution
    expected = resize_table(source, (4, 4), new, 3)
    assert torch.equal(getattr(wanted.rel_pos_bias, TABLE), expected)
    fresh = beit(img_size=img_size).rel_pos_bias.relative_position_index
    assert torch.equal(wanted.rel_pos_bias.relative_position_index, fresh)
    assert texts[1].endswith(
        f'{TABLE} interpolated from 4 x 4 to {new[0]} x {new[1]} patches'
    )
    (warning,) = warnings
    assert warning.endswith('unused keys of the file: mask_token')
    wanted.eval()
    height, width = (8 * side for side in new)
    assert wanted(torch.zeros(1, 3, height, width))[0].isfinite().all()


@pytest.mark.parametrize('img_size', [32, 64])
def test_shared_table_serves_every_block(img_size, tmp_path):
    model = trained('BEiT')
    own = dict(use_shared_rel_pos_bias=False, use_rel_pos_bias=True)
    wanted = beit(img_size=img_size, **own)
    texts, warnings = load(wanted, model.state_dict(), tmp_path)
    (warning,) = warnings
    assert warning.endswith('unused keys of the file: mask_token')
    source = getattr(model.backbone.rel_pos_bias, TABLE).detach()
    expected = resize_table(source, (4, 4), wanted.patch_resolution, 3)
    for layer in wanted.layers:
        found = getattr(layer.attn, TABLE)
        torch.testing.assert_close(found, expected)
    notes = [text for text in texts if 'interpolated' in text]
    assert len(notes) == (img_size == 64)
    assert all(n.endswith('4 x 4 to 8 x 8 patches, 2 times') for n in notes)
    if img_size == 32:
        image = torch.randn(1, 3, 32, 32)
        model.eval(), wanted.eval()
        torch.testing.assert_close(
            wanted(image)[0], model.backbone(image, mask=None)[0]
        )


def test_network_without_tables_takes_none(tmp_path):
    model = trained('BEiT')
    wanted = beit(use_shared_rel_pos_bias=False)
    _, warnings = load(wanted, model.state_dict(), tmp_path)
    assert f'rel_pos_bias.{TABLE}' in warnings[0]


@pytest.mark.parametrize('rows', [3 + 35, 3 + 36, 3 + 9])
def test_table_without_a_square_grid(rows, tmp_path):
    state = trained('BEiT').backbone.state_dict()
    state[f'rel_pos_bias.{TABLE}'] = torch.zeros(rows, 2)
    with pytest.raises(ValueError, match=f'{TABLE} of .* cannot be interpol'):
        load_backbone(beit(), save(state, tmp_path))


def test_table_of_other_heads(tmp_path):
    arch = dict(PLAIN['BEiT']['backbone']['arch'], num_heads=4)
    state = beit(arch=arch, img_size=64).state_dict()
    with pytest.raises(ValueError, match='cannot be interpolated'):
        load_backbone(beit(), save(state, tmp_path))
