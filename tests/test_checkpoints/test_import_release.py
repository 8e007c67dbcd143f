"""Released layouts: the evaluated network has the same features here."""

import argparse

import pytest
import torch
from mmpretrain.models import ResNet, VisionTransformer

from hirl_mm.checkpoints.import_backbone import import_weights
from hirl_mm.checkpoints.import_release import import_checkpoint
from tests.released import (
    LAYOUTS,
    PATCH,
    WIDTH,
    beit_state,
    features,
    full_size_file,
    hirl_file,
    junk,
    mm_beit,
    mm_resnet,
    mm_vit,
    timm_beit,
    timm_vit,
    torchvision_resnet,
    under,
)

pytestmark = pytest.mark.slow

CNN_HEAD = junk('fc.0.weight', 'fc.0.bias', 'fc.2.weight', 'fc.2.bias')
VIT_HEAD = junk('head.0.weight', 'head.1.weight', 'head.1.running_mean')
DINO_HEAD = junk('mlp.0.weight', 'mlp.0.bias', 'last_layer.weight_v')


@pytest.fixture(scope='module')
def cnns():
    """The evaluated ResNet-50 and another one."""
    return torchvision_resnet(50, 0), torchvision_resnet(50, 1)


@pytest.fixture(scope='module')
def vits():
    """The evaluated ViT and another one."""
    return timm_vit(0), timm_vit(1)


def assert_same_features(checkpoint, reference, backbone, size=None):
    """The imported network computes what the reference does."""
    imported = import_weights(checkpoint)
    backbone.load_state_dict(imported.state)
    backbone.train(False)
    size = {} if size is None else dict(size=size)
    expected = features(reference, **size)
    assert expected.std(dim=0).mean() > 1e-3
    torch.testing.assert_close(
        features(backbone, **size), expected, rtol=1e-5, atol=1e-5
    )
    return imported


# Method, and under which names its file has the evaluated network.
HIRL_CNNS = {
    'moco_resnet50_single_crop': ('MoCo v2', 'encoder_q.'),
    'simsiam_resnet50': ('SimSiam', 'encoder.'),
    'swav_resnet50_multi_crop': ('SwAV', 'encoder.'),
}
HIRL_VITS = {
    'mocov3_vit_base_single_crop': ('MoCo v3', 'encoder_q.'),
    'dino_vit_base': ('DINO', 'teacher.backbone.'),
    'ibot_vit_base': ('iBOT', 'teacher.backbone.'),
}
HIRL_MODELS = HIRL_CNNS | HIRL_VITS


@pytest.fixture
def hirl_model(request, cnns, vits):
    """Reference, MMPreTrain's backbone, and the file of a HIRL model."""
    name = request.param
    cnn = name in HIRL_CNNS
    nets = [net.state_dict() for net in (cnns if cnn else vits)]
    prefixes = f'model.{HIRL_MODELS[name][1]}', 'model.backbone.'
    file = hirl_file(name, (prefixes, nets[0]), nets[1])
    if name == 'ibot_vit_base':
        assert 'model.student.backbone.masked_embed' in file['model']
    reference = (cnns if cnn else vits)[0]
    return name, reference, mm_resnet() if cnn else mm_vit(), file


all_hirl_models = pytest.mark.parametrize(
    'hirl_model', HIRL_MODELS, indirect=True
)


@all_hirl_models
def test_hirl(hirl_model):
    name, reference, backbone, file = hirl_model
    imported = assert_same_features(file, reference, backbone)
    assert imported.release.method == f'HIRL-{HIRL_MODELS[name][0]}'
    assert imported.release.network == f'model.{HIRL_MODELS[name][1]}'


@all_hirl_models
def test_plain_arms_of_hirl(hirl_model):
    """Their keys lack ``model.``, as their config does for downstream."""
    name, reference, backbone, file = hirl_model
    plain = {
        key.removeprefix('model.'): value
        for key, value in file['model'].items()
        if not key.startswith('projections.')
    }
    imported = assert_same_features(dict(model=plain), reference, backbone)
    assert imported.release.method == HIRL_MODELS[name][0]


@all_hirl_models
@pytest.mark.parametrize('prefix', ['model.', ''])
def test_files_of_the_backbone_alone(hirl_model, prefix):
    name, reference, backbone, file = hirl_model
    alone = {
        key.replace('model.', f'module.{prefix}', 1): value
        for key, value in file['model'].items()
        if key.startswith('model.backbone.')
    }
    imported = assert_same_features(dict(model=alone), reference, backbone)
    assert imported.release.network == f'{prefix}backbone.'
    assert imported.release.source == 'hirl-team/HIRL'


@pytest.fixture(scope='module')
def full_size():
    """Keys and shapes of the networks of the releases in MMPreTrain."""
    with torch.device('meta'):
        vit = VisionTransformer('deit-base')
    return [
        {k: v.shape for k, v in net.state_dict().items()}
        for net in (ResNet(50), vit)
    ]


@pytest.mark.parametrize('name', LAYOUTS)
def test_all_keys_of_a_release(name, full_size):
    """The whole key list becomes the whole of MMPreTrain's network."""
    imported = import_weights(full_size_file(name))
    shapes = {k: v.shape for k, v in imported.state.items()}
    assert shapes == full_size[name in HIRL_VITS]


def moco(evaluated, other):
    weights = under('encoder_q.', evaluated | CNN_HEAD)
    weights |= under('encoder_k.', other | CNN_HEAD)
    weights |= junk('queue', 'queue_ptr')
    return dict(
        epoch=200, arch='resnet50', state_dict=under('module.', weights)
    )


def simsiam(evaluated, other):
    weights = under('encoder.', evaluated | CNN_HEAD)
    weights |= under('predictor.', junk('0.weight', '1.weight', '3.bias'))
    return dict(arch='resnet50', state_dict=under('module.', weights))


def swav(evaluated, other):
    heads = junk('projection_head.0.weight', 'prototypes.weight')
    return under('module.', evaluated | heads)


def swav_with_more_heads(evaluated, other):
    heads = junk('projection_head.0.bias', 'prototypes.prototypes0.weight')
    return dict(state_dict=under('module.', heads | evaluated))


def mocov3_resnet(evaluated, other):
    return mocov3(evaluated, other, head=CNN_HEAD)


def mocov3(evaluated, other, head=VIT_HEAD):
    weights = under('base_encoder.', evaluated | head)
    weights |= under('momentum_encoder.', other | head)
    weights |= under('predictor.', junk('0.weight', '1.weight'))
    return dict(arch='vit_base', state_dict=under('module.', weights))


def dino(evaluated, other):
    head = under('head.', DINO_HEAD)
    student = under('backbone.', other) | head
    return dict(
        student=under('module.', student),
        teacher=under('backbone.', evaluated) | head,
        optimizer=dict(state={}),
        args=argparse.Namespace(arch='vit_base'),
        dino_loss=junk('center'),
    )


def dino_resnet(evaluated, other):
    """Networks with batch normalisation have both in DDP."""
    file = dino(evaluated, other)
    return file | dict(teacher=under('module.', file['teacher']))


def ibot(evaluated, other):
    masked = other | dict(masked_embed=torch.full((1, 24), torch.nan))
    return dino(evaluated, masked) | dict(ibot_loss=junk('center', 'center2'))


def teacher_alone(evaluated, other):
    return dict(state_dict=evaluated)


def backbone_alone(evaluated, other):
    return evaluated


@pytest.mark.parametrize(
    ('file', 'method'),
    [
        (moco, 'MoCo v2'),
        (simsiam, 'SimSiam'),
        (swav, 'SwAV'),
        (swav_with_more_heads, 'SwAV'),
        (mocov3_resnet, 'MoCo v3'),
        (dino_resnet, 'DINO'),
        (backbone_alone, 'a backbone alone'),
    ],
)
def test_released_resnets(file, method, cnns):
    checkpoint = file(*(net.state_dict() for net in cnns))
    imported = assert_same_features(checkpoint, cnns[0], mm_resnet())
    assert imported.release.method == method


@pytest.mark.parametrize(
    ('file', 'method'),
    [
        (mocov3, 'MoCo v3'),
        (dino, 'DINO'),
        (ibot, 'iBOT'),
        (teacher_alone, 'a backbone alone'),
        (backbone_alone, 'a backbone alone'),
    ],
)
def test_released_vits(file, method, vits):
    checkpoint = file(*(net.state_dict() for net in vits))
    imported = assert_same_features(checkpoint, vits[0], mm_vit())
    assert imported.release.method == method


def test_resnets_of_two_convolutions():
    net = torchvision_resnet(18, 0)
    assert_same_features(net.state_dict(), net, mm_resnet(18))


def test_counts_of_batches_may_be_absent(cnns):
    """As in files of apex and of old versions of PyTorch."""
    state = cnns[0].state_dict()
    kept = {k: v for k, v in state.items() if 'num_batches' not in k}
    assert len(kept) < len(state)
    assert_same_features(kept, cnns[0], mm_resnet())


def test_vit_without_bias_in_the_projections():
    net = timm_vit(0, qkv_bias=False)
    backbone = mm_vit(qkv_bias=False)
    assert_same_features(net.state_dict(), net, backbone)


def test_mask_embedding_of_a_student_alone(vits):
    state = vits[0].state_dict() | junk('masked_embed')
    imported = assert_same_features(state, vits[0], mm_vit())
    assert imported.left_out == ['masked_embed']


def test_pre_trained_beit():
    net = timm_beit(0, global_pool='token')
    heads = junk('lm_head.weight', 'lm_head.bias', 'mask_token')
    checkpoint = dict(model=beit_state(net) | heads)
    assert 'rel_pos_bias.relative_position_bias_table' in checkpoint['model']
    imported = assert_same_features(checkpoint, net, mm_beit())
    assert imported.release.method == 'BEiT'
    assert imported.left_out == [*heads]


def hirl_beit(seed=0, **options):
    """A BEiT as HIRL's code has it, and its tensors.

    Its projections have one bias for queries, keys and values.
    """
    net = timm_beit(seed, **{'global_pool': 'token'} | options)
    state = beit_state(net)
    generator = torch.Generator().manual_seed(seed + 9)
    for i, block in enumerate(net.blocks):
        attn, name = block.attn, f'blocks.{i}.attn'
        attn.k_bias.copy_(torch.randn(WIDTH, generator=generator))
        queries, values = (state.pop(f'{name}.{x}_bias') for x in 'qv')
        state[f'{name}.qkv.bias'] = torch.cat((queries, attn.k_bias, values))
    return net, state


def full_hirl_beit(state):
    heads = junk('head.weight', 'head.bias', 'masked_embed')
    return (
        under('model.vit_model.', state | heads)
        | under('model.dvae_model.encoder.', junk('blocks.input.w'))
        | under('projections.', junk('0.layers.0.weight'))
    )


BEIT_FILES = {
    'hirl': (full_hirl_beit, 'HIRL-BEiT'),
    'hirl with a projector': (
        lambda s: full_hirl_beit(s) | junk('model.projector.layers.0.weight'),
        'HIRL-BEiT',
    ),
    'hirl with the alias of its backbone': (
        lambda s: full_hirl_beit(s) | under('model.backbone.', s),
        'HIRL-BEiT',
    ),
    'plain': (
        lambda s: (
            under('vit_model.', s) | junk('dvae_model.encoder.blocks.input.w')
        ),
        'BEiT',
    ),
    'hirl backbone': (lambda s: under('model.vit_model.', s), 'HIRL-BEiT'),
    'plain backbone': (lambda s: under('vit_model.', s), 'BEiT'),
    'alias of hirl': (
        lambda s: under('model.backbone.', s),
        'a method under HIRL',
    ),
    'alias of plain': (lambda s: under('backbone.', s), 'a plain method'),
    'extracted': (lambda s: s, 'a backbone alone'),
}


@pytest.mark.parametrize('file', BEIT_FILES)
@pytest.mark.parametrize('wrapper', ['', 'module.', 'module._orig_mod.'])
def test_beits_of_hirl(file, wrapper):
    """Leaving out the biases of the keys does not change the output."""
    net, state = hirl_beit()
    make, method = BEIT_FILES[file]
    file = dict(model=under(wrapper, make(state)), epoch=400, args={})
    imported = assert_same_features(file, net, mm_beit())
    assert imported.release.method == method
    assert imported.family.name == 'BEiT'


def test_biases_of_beits_keys_are_not_small():
    """They change the scores, but not what the softmax makes of them."""
    net, _ = hirl_beit()
    expected = features(net)
    net.blocks[0].attn.v_bias.data += net.blocks[0].attn.k_bias
    assert (features(net) - expected).abs().max() > 1e-2


def test_beit_without_layer_scale():
    net, state = hirl_beit(init_values=None)
    assert 'blocks.0.gamma_1' not in state
    backbone = mm_beit(layer_scale_init_value=0)
    assert_same_features(dict(model=state), net, backbone)


def test_first_beit_of_hirl():
    """It had absolute positions, so that it is a ViT."""
    net = timm_vit(0)
    heads = junk('head.weight', 'head.bias', 'masked_embed')
    weights = under('vit_model.', net.state_dict() | heads)
    imported = assert_same_features(dict(model=weights), net, mm_vit())
    assert imported.left_out == [*heads]
    assert imported.family.name == 'ViT'


def test_fine_tuned_beit_of_hirl():
    net, state = hirl_beit(global_pool='avg')
    heads = junk('head.weight', 'head.bias')
    backbone = mm_beit(out_type='avg_featmap', final_norm=False)
    assert_same_features(dict(model=state | heads), net, backbone)


# Files with some of the networks of a release.
PARTS = {
    'teacher of a run': (
        lambda s: dict(
            teacher=under('backbone.', s) | under('head.', DINO_HEAD)
        ),
        'a teacher',
    ),
    'teacher in data parallel': (
        lambda s: dict(teacher=under('module.backbone.', s)),
        'a teacher',
    ),
    'teacher without a wrapper': (lambda s: dict(teacher=s), 'a teacher'),
    'student of a run': (
        lambda s: dict(
            student=under('module.backbone.', s | junk('masked_embed'))
        ),
        'a student',
    ),
    'student without a wrapper': (lambda s: dict(student=s), 'a student'),
    'encoders of MoCo v3': (
        lambda s: dict(
            state_dict=under('module.base_encoder.', s | VIT_HEAD)
            | under('module.momentum_encoder.', s)
        ),
        'MoCo v3',
    ),
    'query encoder': (
        lambda s: dict(state_dict=under('module.encoder_q.', s)),
        'a query encoder',
    ),
    'encoder': (lambda s: under('encoder.', s), 'an encoder'),
    'entry of DeepSpeed': (lambda s: dict(module=s), 'a backbone alone'),
    'compiled': (
        lambda s: dict(model=under('_orig_mod.module.', s)),
        'a backbone alone',
    ),
}


@pytest.mark.parametrize('file', PARTS)
def test_files_with_a_part_of_a_release(file, vits):
    make, method = PARTS[file]
    checkpoint = make(vits[0].state_dict())
    imported = assert_same_features(checkpoint, vits[0], mm_vit())
    assert imported.release.method == method


def test_fine_tuned_beit():
    """Every block has a table of its own; means are normalised, not tokens."""
    net = timm_beit(0, shared=False, global_pool='avg')
    checkpoint = dict(model=beit_state(net) | junk('head.weight', 'head.bias'))
    assert 'fc_norm.weight' in checkpoint['model']
    backbone = mm_beit(shared=False, out_type='avg_featmap', final_norm=False)
    assert_same_features(checkpoint, net, backbone)


def test_file_of_a_release(vits, tmp_path):
    source, out = tmp_path / 'checkpoint.pth', tmp_path / 'new/out.pth'
    torch.save(ibot(*(net.state_dict() for net in vits)), source)
    # It holds the arguments of its training, too.
    meta = import_checkpoint(source, out, trust=True)
    stored = torch.load(out, weights_only=True)
    assert stored['meta'] == meta
    assert meta['layout'] == 'iBOT of bytedance/ibot or hirl-team/HIRL'
    assert (meta['method'], meta['family']) == ('iBOT', 'ViT')
    assert (meta['network'], meta['source']) == (
        'teacher.backbone.',
        'checkpoint.pth',
    )
    assert meta['num_tensors'] == len(stored['state_dict']) == 30
    assert meta['left_out'] == []
    backbone = mm_vit()
    backbone.load_state_dict(
        {
            key.removeprefix('backbone.'): value
            for key, value in stored['state_dict'].items()
        }
    )
    torch.testing.assert_close(
        stored['state_dict']['backbone.patch_embed.projection.weight'],
        vits[0].patch_embed.proj.weight.data,
    )
    assert stored['state_dict'][
        'backbone.patch_embed.projection.weight'
    ].shape == (24, 3, PATCH, PATCH)
