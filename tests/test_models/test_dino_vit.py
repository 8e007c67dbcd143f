import pytest
import torch
from mmengine.model import PretrainedInit
from mmengine.registry import init_default_scope

from hirl_mm.models import DINOViT
from tests.algorithms import VIT


@pytest.mark.parametrize('kind', ['Pretrained', PretrainedInit])
def test_weights_of_mmengines_initializer_stay(kind, tmp_path):
    """By name, and as a class, which MMPreTrain does not know."""
    init_default_scope('mmpretrain')
    torch.manual_seed(0)
    source = DINOViT(**VIT)
    source.init_weights()
    path = str(tmp_path / 'backbone.pth')
    torch.save(source.state_dict(), path)
    found = DINOViT(**VIT, init_cfg=dict(type=kind, checkpoint=path))
    found.init_weights()
    torch.testing.assert_close(found.state_dict(), source.state_dict())
