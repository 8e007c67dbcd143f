"""The layouts of released checkpoints, with the network the paper evaluates.

Keys are given without their wrapping: the entry that holds the weights
(such as ``state_dict`` or ``model``) and the prefixes ``module.`` of
DistributedDataParallel and ``_orig_mod.`` of torch.compile.

HIRL's released code stores the evaluated network twice. ``model.backbone`` is
a second name of the query encoder of MoCo v2 and v3, of the only encoder of
SimSiam and SwAV, and of the teacher's backbone of DINO and iBOT. Both names
hold the same tensors; the first is read, and the copy is compared with it.
HIRL-BEiT, which was released later, has its network in ``model.vit_model``.
The plain methods in HIRL's code have the same keys without ``model.`` and
without ``projections``.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .families import (
    BEIT,
    FAMILIES,
    OPENMMLAB,
    TORCHVISION,
    TRANSFORMERS,
    Family,
)

HIRL = 'hirl-team/HIRL'
UNKNOWN = 'DINO, iBOT, DINOv2, DINOv3, timm or torchvision'
_TRANSFORMERS = 'Hugging Face transformers'
_OPENMMLAB = 'OpenMMLab or this project'
_BEIT_KEYS = ('blocks.0.attn.q_bias',)
_DINOS = 'dinov2_with_registers.', 'dinov3_vit.'
_DINO = 'facebookresearch/dino or bytedance/ibot'
_MOCO = f'facebookresearch/moco or {HIRL}'
_MOCOV3 = 'facebookresearch/moco-v3'


@dataclass(frozen=True)
class Release:
    """Keys by which a released checkpoint is recognised.

    Attributes:
        method: Pre-training method of the weights.
        source: Repository of the code that wrote the file.
        network: Prefix of the evaluated network's keys; '' for no prefix.
        other_keys: Beginnings of further keys; the file must have each.
        copy: Prefix of a second copy of the network, if there may be one.
        only: Beginnings that all keys of the file must have; None for no such
            condition. It keeps detectors out, which also have backbones.
        families: Kinds of networks that a file of this layout may have, with
            the names of its library.
    """

    method: str
    source: str
    network: str
    other_keys: tuple[str, ...] = ()
    copy: str | None = None
    only: tuple[str, ...] | None = None
    families: tuple[Family, ...] = FAMILIES

    def __str__(self) -> str:
        return f'{self.method} of {self.source}'

    def describe(self) -> str:
        """Return one line with the keys that identify the release."""
        keys = [f'{start}*' for start in (self.network, *self.other_keys)]
        text = f'{self}: {", ".join(keys)}'
        if self.only is None:
            return text
        beside = [f'{start}*' for start in self.only if start != self.network]
        return f'{text} alone' + (
            f' or with {", ".join(beside)}' * bool(beside)
        )

    def fits(self, keys: Collection[str]) -> bool:
        """Whether a file with these keys can have the layout."""
        return all(
            any(key.startswith(start) for key in keys)
            for start in self.other_keys
        ) and (
            self.only is None or all(key.startswith(self.only) for key in keys)
        )


def _hirl_releases(
    method: str, network: str, *other_keys: str, others: str = ''
) -> Iterator[Release]:
    """Yield the layouts of a method with and without HIRL in HIRL's code.

    Args:
        method: Name of the method.
        network: Prefix of the evaluated network without HIRL.
        *other_keys: Beginnings of further keys without HIRL.
        others: Another repository with the layout without HIRL.
    """
    yield Release(
        f'HIRL-{method}',
        HIRL,
        f'model.{network}',
        (*(f'model.{key}' for key in other_keys), 'projections.'),
        copy='model.backbone.',
    )
    source = f'{others} or {HIRL}' if others else HIRL
    yield Release(method, source, network, other_keys, copy='backbone.')


def _part(method: str, source: str, network: str, *beside: str) -> Release:
    """Return the layout of files with these networks and nothing else."""
    return Release(method, source, network, only=(network, *beside))


RELEASES = (
    *_hirl_releases(
        'MoCo v2', 'encoder_q.', 'queue', others='facebookresearch/moco'
    ),
    *_hirl_releases('MoCo v3', 'encoder_q.', 'predictor.'),
    *_hirl_releases(
        'SimSiam', 'encoder.', 'predictor.', others='facebookresearch/simsiam'
    ),
    *_hirl_releases('SwAV', 'encoder.', 'prototypes.'),
    *_hirl_releases(
        'iBOT',
        'teacher.backbone.',
        'student.backbone.masked_embed',
        others='bytedance/ibot',
    ),
    *_hirl_releases(
        'DINO',
        'teacher.backbone.',
        'student.backbone.',
        others='facebookresearch/dino',
    ),
    Release('MoCo v3', _MOCOV3, 'base_encoder.', ('predictor.',)),
    Release(
        'SwAV',
        'facebookresearch/swav',
        '',
        ('projection_head.', 'prototypes.'),
    ),
    Release('HIRL-BEiT', HIRL, 'model.vit_model.', copy='model.backbone.'),
    Release('BEiT', HIRL, 'vit_model.', copy='backbone.'),
    # Files *_backbone.pth hold the copy only.
    _part('a method under HIRL', HIRL, 'model.backbone.'),
    _part('a plain method', HIRL, 'backbone.'),
    # What remains if a file was cut down to some of its networks.
    _part('a teacher', _DINO, 'teacher.backbone.', 'teacher.head.'),
    _part(
        'DINOv2 or DINOv3',
        'facebookresearch/dinov2 or dinov3',
        'teacher.backbone.',
        'teacher.dino_head.',
        'teacher.ibot_head.',
    ),
    _part('a teacher', _DINO, 'teacher.'),
    _part('a student', _DINO, 'student.backbone.', 'student.head.'),
    _part('a student', _DINO, 'student.'),
    _part('MoCo v3', _MOCOV3, 'base_encoder.', 'momentum_encoder.'),
    _part('a query encoder', _MOCO, 'encoder_q.', 'encoder_k.', 'queue'),
    _part('an encoder', f'SimSiam, SwAV or {HIRL}', 'encoder.'),
    Release('BEiT', 'microsoft/unilm', '', _BEIT_KEYS, families=(BEIT,)),
    Release('a backbone alone', UNKNOWN, ''),
    *(
        Release('a model', _TRANSFORMERS, network, families=TRANSFORMERS)
        for network in ('', 'vit.', 'dinov2.', *_DINOS, 'resnet.')
    ),
    Release('a ViT', 'torchvision', '', families=TORCHVISION),
    # Teachers of this project's DINO and iBOT stand beside a student.
    Release(
        'a teacher',
        _OPENMMLAB,
        'teacher.backbone.',
        ('backbone.',),
        families=OPENMMLAB,
    ),
    Release('a model', _OPENMMLAB, 'backbone.', families=OPENMMLAB),
    Release('a backbone alone', _OPENMMLAB, '', families=OPENMMLAB),
)


def at_prefix(prefix: str) -> tuple[Release, ...]:
    """Return the layouts of files whose network has a given prefix.

    Args:
        prefix: Beginning of the network's keys, such as ``'backbone.'``.
    """
    return tuple(
        Release('a network', source, prefix, families=families)
        for source, families in (
            (UNKNOWN, FAMILIES),
            (_TRANSFORMERS, TRANSFORMERS),
            ('torchvision', TORCHVISION),
            (_OPENMMLAB, OPENMMLAB),
        )
    )
