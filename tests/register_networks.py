"""Comparing networks with register tokens with those of other libraries."""

import safetensors.torch
import timm
import torch
from mmpretrain.registry import MODELS

from hirl_mm.checkpoints.backbone_config import backbone_config
from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.checkpoints.import_release import import_checkpoint
from tests.released import HEADS, SIZE

R = 4
EXACT = dict(rtol=1e-9, atol=1e-9)


def inputs(height=SIZE, width=SIZE):
    generator = torch.Generator().manual_seed(3)
    shape = 2, 3, height, width
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def kept(tokens):
    """Without registers, which stand after the class token."""
    return torch.cat([tokens[:, :1], tokens[:, 1 + R :]], dim=1)


def built(imported, **options):
    config = backbone_config(imported) | dict(out_type='raw') | options
    net = MODELS.build(config).double()
    net.load_state_dict(imported.state)
    net.eval()
    return net


def assert_same(net, forward, x, imported):
    """All tokens, and the gradient of the image."""
    own = built(imported)
    results = []
    for call in (lambda x: own(x)[0], forward):
        image = x.clone().requires_grad_()
        output = call(image)
        weights = torch.linspace(-1, 1, output.numel(), dtype=torch.float64)
        (output.flatten() * weights).sum().backward()
        results.append((output.detach(), image.grad))
    (given, gradient), (expected, wanted) = results
    assert expected.std(dim=0).mean() > 1e-2 and wanted.abs().max() > 1e-2
    torch.testing.assert_close(given, expected, **EXACT)
    torch.testing.assert_close(gradient, wanted, **EXACT)


def assert_same_in_timm(net, x, folder):
    """The call that an export names builds a network with these features."""
    file, out = folder / 'net.safetensors', folder / 'out.safetensors'
    state = {k: v.float() for k, v in net.state_dict().items()}
    safetensors.torch.save_file(state, file)
    import_checkpoint(file, folder / 'in.pth', num_heads=HEADS)
    exported = export_backbone(folder / 'in.pth', 'timm', out)
    call = exported.load.partition('.load_state')[0]
    other = eval(call, dict(timm=timm))
    other.load_state_dict(safetensors.torch.load_file(out))
    net.load_state_dict(state)
    given = other.double().eval()(x)
    torch.testing.assert_close(given, net(x), **EXACT)
