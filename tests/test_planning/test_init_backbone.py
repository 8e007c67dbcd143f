"""Plans that start from the weights of other libraries."""

import pytest
import torch
from torchvision.models import resnet18

from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.planning.image_source import image_source
from hirl_mm.planning.init_backbone import read_initial
from hirl_mm.planning.plan import Wishes, plan_training
from hirl_mm.planning.recipes import recipes
from hirl_mm.registry import MODELS, enter_scope
from tests.dinov3_files import released_dinov3
from tests.libraries import timm_dinov3
from tests.planned import draw, situation


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """A ResNet-18 of torchvision, with random weights."""
    file = tmp_path_factory.mktemp('weights') / 'resnet18.pth'
    torch.save(resnet18().state_dict(), file)
    return file


def backbone(method):
    return recipes()[method].config().model.backbone


def test_a_plan_from_weights(weights, tmp_path):
    """The network is that of the file, and the model has its weights."""
    for i in range(40):
        draw(tmp_path / 'images' / f'{i}.png', i)
    init = read_initial(str(weights), backbone('hirl-simsiam'))
    file = tmp_path / 'plan' / 'init.pth'
    wishes = Wishes(epochs=2, init=init, init_file=file)
    plan = plan_training(
        recipes()['hirl-simsiam'],
        image_source(tmp_path / 'images'),
        situation(num_images=40),
        wishes,
    )
    assert "# The network of 'resnet18.pth'." in plan.text
    assert not file.exists()
    init.write(file)
    cfg = plan.config()
    assert cfg.model.neck.in_channels == 512
    enter_scope(cfg)
    model = MODELS.build(with_data_preprocessor(cfg))
    model.init_weights()
    loaded = model.backbone.state_dict()
    for name, value in torch.load(weights).items():
        if not name.startswith('fc.'):
            assert torch.equal(loaded[name], value), name


@pytest.mark.slow
@pytest.mark.parametrize('method', ['hirl-dino', 'hirl-mocov3'])
def test_a_plan_from_dinov3(method, tmp_path):
    """Layers behind the network fit any width, also no multiple of 32."""
    for i in range(40):
        draw(tmp_path / 'images' / f'{i}.png', i)
    torch.save(released_dinov3(timm_dinov3()), tmp_path / 'dinov3.pth')
    init = read_initial(str(tmp_path / 'dinov3.pth'), backbone(method))
    file = tmp_path / 'plan' / 'init.pth'
    plan = plan_training(
        recipes()[method],
        image_source(tmp_path / 'images'),
        situation(num_images=40),
        Wishes(epochs=2, init=init, init_file=file),
    )
    init.write(file)
    cfg = plan.config()
    assert cfg.model.neck.in_channels == 24
    assert cfg.model.backbone.rotary
    enter_scope(cfg)
    model = MODELS.build(with_data_preprocessor(cfg))
    model.init_weights()
    loaded = model.backbone.register_tokens
    assert torch.equal(loaded, init.imported.state['register_tokens'].float())


def test_weights_of_another_kind(weights):
    with pytest.raises(ValueError, match='trains a DINOViT'):
        read_initial(str(weights), backbone('hirl-dino'))


def test_what_is_no_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.pth'):
        read_initial(str(tmp_path / 'none.pth'), backbone('hirl-dino'))
