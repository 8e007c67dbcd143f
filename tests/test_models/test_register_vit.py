"""Vision transformers with register tokens and rotary positions."""

import copy
import math

import pytest
import torch
from mmpretrain.models import VisionTransformer

from hirl_mm.models import (
    DINOViT,
    FrozenViT,
    MaskedViT,
    RegisterMoCoV3ViT,
    RegisterViT,
)
from hirl_mm.models.backbones.rotation_table import rotated, rotation_table
from tests.released import scrambled

R = 3
VIT = dict(
    arch=dict(
        embed_dims=32,
        num_layers=2,
        num_heads=2,
        feedforward_channels=48,
    ),
    img_size=32,
    patch_size=8,
)
BOTH = VIT | dict(num_registers=R, rotary=True, layer_scale_init_value=0.1)
EXACT = dict(rtol=1e-12, atol=1e-12)


def made(kind=RegisterViT, **options):
    return scrambled(kind(**BOTH | options), 0).double()


def images(height=32, width=32, size=2):
    generator = torch.Generator().manual_seed(1)
    shape = size, 3, height, width
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def turned(vector, i, j, grid):
    """One query or key (d,) of patch (i, j), channel by channel."""
    count = len(vector) // 4
    y = (i + 0.5) / grid[0] * 2 - 1
    x = (j + 0.5) / grid[1] * 2 - 1
    result = vector.clone()
    for k in range(2 * count):
        place = y if k < count else x
        angle = 2 * math.pi * place / 100 ** ((k % count) / count)
        a, b = vector[k], vector[k + 2 * count]
        result[k] = a * math.cos(angle) - b * math.sin(angle)
        result[k + 2 * count] = b * math.cos(angle) + a * math.sin(angle)
    return result


@pytest.mark.parametrize('grid', [(4, 4), (3, 5), (7, 2)])
def test_rotation(grid):
    """Against the formula, written out; other tokens are not rotated."""
    rows = torch.randn(R + grid[0] * grid[1], 12, dtype=torch.float64)
    expected = rows.clone()
    for t in range(R, len(rows)):
        i, j = divmod(t - R, grid[1])
        expected[t] = turned(rows[t], i, j, grid)
    table = rotation_table(grid, 12, R, rows.device, rows.dtype)
    torch.testing.assert_close(rotated(rows, table), expected, **EXACT)


def test_scores_depend_on_the_offset_alone():
    """Of two patches, as it is the reason of rotary positions."""
    q, k = torch.randn(2, 16, dtype=torch.float64).unbind()
    table = rotation_table((5, 6), 16, 0, q.device, q.dtype)
    queries = rotated(q.expand(30, 16), table).unflatten(0, (5, 6))
    keys = rotated(k.expand(30, 16), table).unflatten(0, (5, 6))
    scores = torch.einsum('ijd,mnd->ijmn', queries, keys)
    torch.testing.assert_close(scores[0, 1, 2, 4], scores[2, 2, 4, 5], **EXACT)
    assert not torch.isclose(scores[0, 1, 2, 4], scores[0, 1, 4, 4])


def attended(layer, x, grid):
    """A layer's tokens (L, C), token by token and head by head."""
    attn, n = layer.attn, layer.attn.num_heads
    bias = attn.qkv.bias.clone()
    bias[32:64] = 0
    qkv = layer.ln1(x) @ attn.qkv.weight.T + bias
    queries, keys, values = qkv.unflatten(1, (3, n, 16)).unbind(1)
    heads = []
    for head in range(n):
        rows = []
        for side in (queries, keys):
            found = list(side[:, head])
            for t in range(1 + R, len(x)):
                i, j = divmod(t - 1 - R, grid[1])
                found[t] = turned(found[t], i, j, grid)
            rows.append(torch.stack(found))
        scores = (rows[0] @ rows[1].T / 4).softmax(dim=1)
        heads.append(scores @ values[:, head])
    x = x + attn.gamma1(attn.proj(torch.cat(heads, dim=1)))
    return layer.ffn(layer.ln2(x), identity=x)


@pytest.mark.parametrize('grid', [(4, 4), (2, 3)])
def test_network(grid):
    """Against tokens in loops, values and gradients."""
    net = made(out_type='raw')
    x = images(8 * grid[0], 8 * grid[1], size=1)
    patches = net.patch_embed.projection(x).flatten(2).transpose(1, 2)[0]
    tokens = torch.cat([net.cls_token[0], net.register_tokens[0], patches])
    for layer in net.layers:
        tokens = attended(layer, tokens, grid)
    expected = net.ln1(torch.cat([tokens[:1], tokens[1 + R :]]))
    (output,) = net(x)
    torch.testing.assert_close(output[0], expected, **EXACT)
    weights = torch.randn_like(expected)
    parameters = list(net.parameters())
    given = torch.autograd.grad((output[0] * weights).sum(), parameters)
    wanted = torch.autograd.grad((expected * weights).sum(), parameters)
    for a, b in zip(given, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def test_keys_have_no_bias():
    net = made()
    x = images()
    (before,) = net(x)
    before.sum().backward()
    bias = net.layers[0].attn.qkv.bias
    queries, keys, values = bias.grad.chunk(3)
    assert not keys.any() and queries.any() and values.any()
    bias.data[32:64] += 1
    assert torch.equal(net(x)[0], before)


def test_without_both_it_is_the_network_of_mmpretrain():
    plain = scrambled(VisionTransformer(**VIT, out_type='raw'), 0).double()
    for kind in (RegisterViT, DINOViT, FrozenViT):
        net = scrambled(kind(**VIT, out_type='raw'), 1).double()
        net.load_state_dict(plain.state_dict())
        for x in (images(), images(16, 24)):
            assert torch.equal(net(x)[0], plain(x)[0])


def test_registers_with_learned_positions():
    """Positions are those of class token and patches, also interpolated."""
    net = scrambled(RegisterViT(**VIT, num_registers=R), 0).double()
    plain = scrambled(VisionTransformer(**VIT), 1).double()
    plain.load_state_dict(net.state_dict(), strict=False)
    seen = []
    for each in (net, plain):
        each.layers[0].register_forward_pre_hook(
            lambda layer, args: seen.append(args[0])
        )
        each(images(16, 24))
    own, other = seen
    assert torch.equal(
        own[:, 1 : 1 + R], net.register_tokens.expand(2, -1, -1)
    )
    kept = torch.cat([own[:, :1], own[:, 1 + R :]], dim=1)
    assert torch.equal(kept, other)


@pytest.mark.parametrize('options', [{}, dict(final_norm=False)])
def test_registers_are_not_in_the_output(options):
    x = images(16, 24)
    net = made(out_type='raw', out_indices=[0, 1], **options)
    raw = net(x)
    assert [out.shape for out in raw] == [(2, 1 + 6, 32)] * 2
    others = dict(
        cls_token=lambda out: out[:, 0],
        featmap=lambda out: out[:, 1:].mT.unflatten(2, (2, 3)),
        avg_featmap=lambda out: net.ln2(out[:, 1:].mean(dim=1)),
    )
    for out_type, read in others.items():
        other = made(out_type=out_type, out_indices=[0, 1], **options)
        other.load_state_dict(net.state_dict(), strict=False)
        if out_type == 'avg_featmap':
            net.ln2 = other.ln2
        for a, b in zip(other(x), raw, strict=True):
            torch.testing.assert_close(a, read(b), **EXACT)


def test_registers_matter():
    net = made()
    (before,) = net(images())
    net.register_tokens.data.mul_(-1)
    assert (net(images())[0] - before).abs().max() > 1e-3


def test_without_a_class_token():
    net = made(with_cls_token=False, out_type='featmap')
    assert net(images(16, 24))[0].shape == (2, 32, 2, 3)


def test_masked_patches():
    """The mask replaces patches; False alone changes nothing."""
    net = made(MaskedViT)
    mask = torch.zeros(2, 16, dtype=torch.bool)
    x = images()
    assert torch.equal(net(x, mask)[0], net(x)[0])
    mask[:, 5] = True
    other = x.clone()
    other[:, :, 8:16, 8:16] += 1  # patch (1, 1)
    torch.testing.assert_close(net(x, mask)[0], net(other, mask)[0], **EXACT)
    assert not torch.equal(net(x)[0], net(other)[0])


def test_layer_wise_decay():
    net = made()
    plain = VisionTransformer(**VIT)
    assert net.get_layer_depth('register_tokens') == (0, 4)
    assert net.get_layer_depth('a.register_tokens', 'a.') == (0, 4)
    for name, _ in plain.named_parameters():
        own = net.get_layer_depth(f'a.{name}', 'a.')
        assert own == plain.get_layer_depth(f'a.{name}', 'a.')


@pytest.mark.parametrize('kind', [RegisterViT, FrozenViT])
def test_frozen_stages(kind):
    net = kind(**BOTH, frozen_stages=2)
    net.train()
    assert not [n for n, p in net.named_parameters() if p.requires_grad]
    net = kind(**BOTH, frozen_stages=1)
    left = [n for n, p in net.named_parameters() if p.requires_grad]
    assert left and all(n.startswith(('layers.1.', 'ln1.')) for n in left)


def test_initialisation():
    net = RegisterViT(**BOTH)
    assert not net.register_tokens.any()
    net.init_weights()
    assert 0.01 < net.register_tokens.std() < 0.03


def test_checkpoint_with_position_embeddings():
    """They are not used, and loading says so."""
    state = RegisterViT(**VIT, num_registers=R).state_dict()
    net = RegisterViT(**VIT, num_registers=R, rotary=True)
    found = net.load_state_dict(state, strict=False)
    assert found.unexpected_keys == ['pos_embed'] and not found.missing_keys


def test_bfloat16():
    """Rotations are in float32, their result is of the type of the rest."""
    net = made().float()
    with torch.autocast('cpu', torch.bfloat16):
        (output,) = net(images().float())
    (expected,) = net(images().float())
    assert (output - expected).abs().max() < 0.1 * expected.abs().max()
    table = rotation_table((4, 4), 16, 1 + R, torch.device('cpu'), torch.float)
    rows = torch.randn(1 + R + 16, 16)
    given = rotated(rows.bfloat16(), table)
    assert given.dtype == torch.bfloat16
    exact = rotated(rows.bfloat16().float(), table)
    assert torch.equal(given, exact.bfloat16())


def test_after_inference_mode():
    """A table that evaluation made serves the next training step."""
    net = made()
    x = images(48, 40)
    with torch.inference_mode():
        net(x)
    net(x)[0].sum().backward()


def test_table_is_kept():
    """Computed once per grid, and not part of checkpoints."""
    place = torch.device('cpu'), torch.float64
    first = rotation_table((4, 9), 16, 1, *place)
    assert rotation_table((4, 9), 16, 1, *place) is first
    assert rotation_table((9, 4), 16, 1, *place) is not first
    net = made()
    net(images())
    tensors = dict(net.named_buffers())
    assert not tensors
    copy.deepcopy(net)(images())


@pytest.mark.slow
def test_compiled(recwarn):
    """One graph without breaks, also where sizes vary."""
    net = made(arch=dict(VIT['arch'], num_layers=1))
    for module in net.modules():
        # NumPy's number of MMPreTrain's schedule would break the graph.
        if hasattr(module, 'drop_prob'):
            module.drop_prob = float(module.drop_prob)
    compiled = torch.compile(net, fullgraph=True, backend='eager')
    for x in (images(), images(16, 24)):
        torch.testing.assert_close(compiled(x)[0], net(x)[0], **EXACT)
    # The kept table of eager execution is no part of the graph.
    assert not [w for w in recwarn if 'lru_cache' in str(w.message)]


def test_moco_v3():
    net = RegisterMoCoV3ViT(**BOTH)
    assert net(images().float())[0].shape == (2, 32)
    net.init_weights()
    assert net.register_tokens.any()
    with pytest.raises(ValueError, match='all stages, got frozen_stages=0'):
        RegisterMoCoV3ViT(**BOTH, frozen_stages=0)
    registers = RegisterMoCoV3ViT(**VIT, num_registers=R)
    registers.init_weights()
    assert not registers.pos_embed.requires_grad
    assert registers.register_tokens.any()


def test_what_cannot_be():
    with pytest.raises(ValueError, match='at least 0, got -1'):
        RegisterViT(**VIT, num_registers=-1)
    arch = dict(VIT['arch'], embed_dims=12)
    with pytest.raises(ValueError, match=r'multiple of 4, got 6 \(12 chan'):
        RegisterViT(**VIT | dict(arch=arch), rotary=True)
