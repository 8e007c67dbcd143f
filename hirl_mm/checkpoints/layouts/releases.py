"""The layouts of released checkpoints, and which network the paper evaluates.

Files are described without what wraps them: the entry that holds the weights
(``state_dict``, ``model``) and ``module.`` of DistributedDataParallel.

HIRL's released code stores the evaluated network twice: ``model.backbone`` is
the query encoder of MoCo v2 and v3, the one encoder of SimSiam and SwAV, the
teacher's backbone of DINO and iBOT, under a second name. Both hold the same
tensors; the first name is read, the second compared. Its plain arms have the
same keys without ``model.`` and without ``projections``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

HIRL = 'hirl-team/HIRL'


@dataclass(frozen=True)
class Release:
    """How a released checkpoint is known by its keys.

    Attributes:
        method: What the weights were trained with.
        source: Whose code wrote it.
        network: Prefix of the evaluated network, '' for none.
        signs: Beginnings of other keys, all of which it has.
        copy: Prefix of a second copy of that network, where there may be one.
        alone: Whether it holds nothing else.
    """

    method: str
    source: str
    network: str
    signs: tuple[str, ...] = ()
    copy: str | None = None
    alone: bool = False

    def __str__(self) -> str:
        return f'{self.method} of {self.source}'

    def describe(self) -> str:
        """One line: the keys that make it."""
        keys = [f'{self.network}*', *(f'{sign}*' for sign in self.signs)]
        only = ' alone' if self.alone else ''
        return f'{self}: {", ".join(keys)}{only}'


def _arms(
    method: str, network: str, *signs: str, others: str = ''
) -> Iterator[Release]:
    """The HIRL arm and the plain arm of a method, as HIRL's code has them."""
    yield Release(
        f'HIRL-{method}',
        HIRL,
        f'model.{network}',
        (*(f'model.{sign}' for sign in signs), 'projections.'),
        copy='model.backbone.',
    )
    source = f'{others} or {HIRL}' if others else HIRL
    yield Release(method, source, network, signs, copy='backbone.')


RELEASES = (
    *_arms('MoCo v2', 'encoder_q.', 'queue', others='facebookresearch/moco'),
    *_arms('MoCo v3', 'encoder_q.', 'predictor.'),
    *_arms(
        'SimSiam', 'encoder.', 'predictor.', others='facebookresearch/simsiam'
    ),
    *_arms('SwAV', 'encoder.', 'prototypes.'),
    *_arms(
        'iBOT',
        'teacher.backbone.',
        'student.backbone.masked_embed',
        others='bytedance/ibot',
    ),
    *_arms(
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
    # Files *_backbone.pth: the copy is all there is.
    Release('a method under HIRL', HIRL, 'model.backbone.', alone=True),
    Release('a plain method', HIRL, 'backbone.', alone=True),
    Release('BEiT', 'microsoft/unilm', '', ('blocks.0.attn.q_bias',)),
    Release('a backbone alone', 'DINO, iBOT, timm or torchvision', ''),
)
