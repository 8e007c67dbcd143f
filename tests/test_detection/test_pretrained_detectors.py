"""From pre-trained files into detectors, by the options that users give."""

import pytest
import torch
import torchvision
from mmengine.config import Config
from mmengine.registry import init_default_scope

from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.registry import MODELS
from tests.algorithms import VIT
from tests.detectors import FOLDER, narrow_vit
from tests.released import scrambled, timm_vit, under
from tests.trained_files import save, trained

pytest.importorskip('mmdet.models')

CNN = 'coco/mask-rcnn_resnet50-fpn_8xb2-12e_coco.py'
TRANSFORMER = 'coco/cascade-mask-rcnn_vit-base-p16_8xb2-amp-ms-12e_coco.py'
OPTION = 'model.backbone.init_cfg.'


def detector(name, **options):
    """The detector, narrow as the files here, its weights initialised."""
    cfg = Config.fromfile(FOLDER / name)
    if name == TRANSFORMER:
        num_layers = VIT['arch']['num_layers']
        blocks = [0, 0, 0, num_layers - 1]
        narrow_vit(cfg.model, **VIT, out_indices=blocks)
    cfg.merge_from_dict({OPTION + key: v for key, v in options.items()})
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    model.init_weights()
    return model


def equal_weights(network, source):
    state = source.state_dict()
    for key, value in network.state_dict().items():
        assert torch.equal(state[key], value), key


@pytest.mark.parametrize('method', ['DINO', 'iBOT'])
def test_teacher_or_student(method, tmp_path):
    model = trained(method)
    path = save(model.state_dict(), tmp_path)
    found = detector(TRANSFORMER, checkpoint=path)
    equal_weights(found.backbone, model.teacher.backbone)
    found = detector(TRANSFORMER, checkpoint=path, prefix='backbone.')
    equal_weights(found.backbone, model.backbone)


def test_released_file_after_conversion(tmp_path):
    """MoCo's, whose keys begin with module.encoder_q."""
    net = scrambled(torchvision.models.resnet50(), seed=0)
    state = {
        key: value
        for key, value in net.state_dict().items()
        if not key.startswith('fc.')
    }
    head = {
        'fc.0.weight': torch.zeros(2048, 2048),
        'fc.2.weight': torch.zeros(128, 2048),
    }
    weights = under('module.encoder_q.', state | head)
    weights |= under('module.encoder_k.', state | head)
    weights |= {'module.queue': torch.zeros(128, 65536)}
    released = dict(epoch=200, arch='resnet50', state_dict=weights)
    torch.save(released, tmp_path / 'released.pth')
    import_checkpoint(tmp_path / 'released.pth', tmp_path / 'imported.pth')
    found = detector(CNN, checkpoint=str(tmp_path / 'imported.pth'))
    for key, value in state.items():
        assert torch.equal(found.backbone.state_dict()[key], value), key


@pytest.mark.parametrize(
    ('name', 'method'), [(CNN, 'DINO'), (TRANSFORMER, 'MoCo')]
)
def test_another_architecture(name, method, tmp_path):
    path = save(trained(method).state_dict(), tmp_path)
    with pytest.raises(ValueError, match='0 of the .* keys') as error:
        detector(name, checkpoint=path)
    assert path in str(error.value)
    assert 'give the config of the network' in str(error.value)


def test_unconverted_file_of_other_names(tmp_path):
    weights = under('module.base_encoder.', timm_vit(seed=0).state_dict())
    path = save(weights, tmp_path)
    with pytest.raises(ValueError, match='run tools/.*import_checkpoint.py'):
        detector(TRANSFORMER, checkpoint=path)


def test_prefix_is_told(tmp_path):
    net = torchvision.models.resnet50()
    path = save(under('module.encoder_q.', net.state_dict()), tmp_path)
    with pytest.raises(ValueError, match="prefix='module.encoder_q.' would"):
        detector(CNN, checkpoint=path)
    found = detector(CNN, checkpoint=path, prefix='module.encoder_q.')
    equal_weights(found.backbone, net)
