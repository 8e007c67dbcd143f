"""The layouts of released checkpoints, with the network the paper evaluates.

Keys are given without their wrapping: the entry that holds the weights
(``state_dict`` or ``model``) and the prefix ``module.`` of
DistributedDataParallel.

HIRL's released code stores the evaluated network twice. ``model.backbone`` is
a second name of the query encoder of MoCo v2 and v3, of the only encoder of
SimSiam and SwAV, and of the teacher's backbone of DINO and iBOT. Both names
hold the same tensors; the first is read, and the copy is compared with it.
The plain methods in HIRL's code have the same keys without ``model.`` and
without ``projections``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

HIRL = 'hirl-team/HIRL'


@dataclass(frozen=True)
class Release:
    """Keys by which a released checkpoint is recognised.

    Attributes:
        method: Pre-training method of the weights.
        source: Repository of the code that wrote the file.
        network: Prefix of the evaluated network's keys; '' for no prefix.
        other_keys: Beginnings of further keys; the file must have each.
        copy: Prefix of a second copy of the network, if there may be one.
        network_only: Whether the file holds nothing but the network.
    """

    method: str
    source: str
    network: str
    other_keys: tuple[str, ...] = ()
    copy: str | None = None
    network_only: bool = False

    def __str__(self) -> str:
        return f'{self.method} of {self.source}'

    def describe(self) -> str:
        """Return one line with the keys that identify the release."""
        keys = [f'{start}*' for start in (self.network, *self.other_keys)]
        only = ' alone' if self.network_only else ''
        return f'{self}: {", ".join(keys)}{only}'


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
    Release(
        'MoCo v3', 'facebookresearch/moco-v3', 'base_encoder.', ('predictor.',)
    ),
    Release(
        'SwAV',
        'facebookresearch/swav',
        '',
        ('projection_head.', 'prototypes.'),
    ),
    # Files *_backbone.pth hold the copy only.
    Release('a method under HIRL', HIRL, 'model.backbone.', network_only=True),
    Release('a plain method', HIRL, 'backbone.', network_only=True),
    Release('BEiT', 'microsoft/unilm', '', ('blocks.0.attn.q_bias',)),
    Release('a backbone alone', 'DINO, iBOT, timm or torchvision', ''),
)
