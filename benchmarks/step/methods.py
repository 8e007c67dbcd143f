"""The methods that are measured, and how they are narrowed for a CPU."""

from benchmarks.step.method import Method


def _resnet18(**options) -> dict:
    narrow = {'depth': 18, 'base_channels': 32, 'stem_channels': 32}
    return {f'backbone.{k}': v for k, v in narrow.items()} | {
        'neck.in_channels': 256,
        'neck.hid_channels': 256,
        **{key.replace('__', '.'): value for key, value in options.items()},
    }


def _vit(**options) -> dict:
    arch = dict(
        _delete_=True,
        embed_dims=96,
        num_layers=12,
        num_heads=3,
        feedforward_channels=384,
    )
    return {
        'backbone.arch': arch,
        'backbone.img_size': 64,
        'backbone.patch_size': 8,
        **{key.replace('__', '.'): value for key, value in options.items()},
    }


_DISTILLED = dict(
    neck__in_channels=96,
    neck__hid_channels=256,
    neck__out_channels=64,
    head__in_channels=64,
    spd_head__in_channels=64,
)
_RESNET = 'ResNet-18, 32 channels'
_VIT = 'ViT, 12 x 96, patch 8'
_MULTI_CROP = dict(
    views=((2, 224), (10, 96)), small_views=((2, 64), (10, 32)), small_batch=8
)

METHODS = {
    'mocov2': Method(
        title='MoCo v2',
        recipe='mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py',
        hirl_recipe='hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py',
        peer='mmpretrain::mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py',
        network=_RESNET,
        narrow=_resnet18(queue_len=8192),
        views=((2, 224),),
        small_views=((2, 64),),
        small_batch=32,
    ),
    'simsiam': Method(
        title='SimSiam',
        recipe='simsiam/simsiam_resnet50_16xb32-coslr-200e_in1k.py',
        hirl_recipe='hirl/hirl-simsiam_resnet50_16xb32-coslr-200e_in1k.py',
        peer='mmpretrain::simsiam/simsiam_resnet50_8xb32-coslr-200e_in1k.py',
        network=_RESNET,
        narrow=_resnet18(
            neck__out_channels=256,
            head__predictor__in_channels=256,
            head__predictor__hid_channels=64,
            head__predictor__out_channels=256,
            spd_head__in_channels=256,
        ),
        views=((2, 224),),
        small_views=((2, 64),),
        small_batch=32,
    ),
    'swav': Method(
        title='SwAV',
        recipe='swav/swav_resnet50_32xb128-mcrop-coslr-200e_in1k.py',
        hirl_recipe='hirl/hirl-swav_resnet50_32xb128-mcrop-coslr-200e_in1k.py',
        peer='mmpretrain::swav/'
        'swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px.py',
        network=f'{_RESNET}, 3000 prototypes',
        narrow=_resnet18(),
        views=((2, 224), (6, 96)),
        small_views=((2, 64), (6, 32)),
        small_batch=32,
    ),
    'mocov3': Method(
        title='MoCo v3',
        recipe='mocov3/mocov3_vit-base-p16_128xb32-amp-coslr-400e_in1k.py',
        hirl_recipe='hirl/'
        'hirl-mocov3_vit-base-p16_128xb32-amp-coslr-400e_in1k.py',
        peer='mmpretrain::mocov3/'
        'mocov3_vit-base-p16_16xb256-amp-coslr-300e_in1k.py',
        network=_VIT,
        narrow=_vit(
            neck__in_channels=96,
            neck__hid_channels=512,
            head__predictor__hid_channels=512,
        ),
        views=((2, 224),),
        small_views=((2, 64),),
        small_batch=16,
    ),
    'beit': Method(
        title='BEiT',
        recipe='beit/beit_beit-base-p16_32xb64-amp-coslr-400e_in1k.py',
        hirl_recipe='hirl/'
        'hirl-beit_beit-base-p16_32xb64-amp-coslr-400e_in1k.py',
        peer='mmpretrain::beit/beit_beit-base-p16_8xb256-amp-coslr-300e_in1k.py',
        network=_VIT,
        narrow=_vit(
            head__embed_dims=96,
            head__num_embed=512,
            target_generator__n_hid=16,
            target_generator__vocab_size=512,
            spd_head__in_channels=96,
        ),
        views=((1, 224), (1, 112)),
        small_views=((1, 64), (1, 64)),
        small_batch=16,
        mask=dict(grid_size=8, num_patches=24, min_block=5),
    ),
    'dino': Method(
        title='DINO',
        recipe='dino/dino_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py',
        hirl_recipe='hirl/'
        'hirl-dino_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py',
        peer=None,
        network=f'{_VIT}, K = 4096',
        narrow=_vit(**_DISTILLED, head__out_channels=4096),
        **_MULTI_CROP,
    ),
    'ibot': Method(
        title='iBOT',
        recipe='ibot/ibot_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py',
        hirl_recipe='hirl/'
        'hirl-ibot_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py',
        peer=None,
        network=f'{_VIT}, K = 1024',
        narrow=_vit(**_DISTILLED, head__out_channels=1024),
        mask=dict(grid_size=8),
        **_MULTI_CROP,
    ),
}
