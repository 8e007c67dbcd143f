"""What of a model, behind its backbone, depends on network and images."""

from collections.abc import Iterator, Mapping

from hirl_mm.planning.setting import Setting

from .network import Network
from .schedule import Schedule
from .situation import Situation
from .views import num_local_views

# Smaller layers, such as embeddings of 128 and 256 channels, stay.
_SCALED_FROM = 512
_MIN_WIDTH = 64
_WIDTHS = 'in_channels', 'hid_channels', 'out_channels'
# Without GPUs SyncBN cannot train. What a part normalises by default.
_NORMS = dict(
    ResNet='BN',
    NonLinearNeck='BN1d',
    SwAVNeck='BN1d',
    HierarchicalProjectionNeck='BN1d',
    CrossLevelHead='BN1d',
)


def backbone_settings(
    recipe: Mapping, situation: Situation, network: Network
) -> Iterator[Setting]:
    """Yield the settings of ``model.backbone``.

    Args:
        recipe: ``model`` of the recipe.
        situation: What the settings follow from.
        network: The backbone.
    """
    key = 'model.backbone'
    label = f'network: {network.name}'
    settings = network.config | _norm(recipe['backbone'], situation)
    if network.is_whole:
        yield Setting(key, settings, network.why, label, whole=True)
        return
    why = network.why
    for name, value in settings.items():
        yield Setting(f'{key}.{name}', value, why, label)
        why = label = ''


def width_settings(
    recipe: Mapping, situation: Situation, network: Network
) -> Iterator[Setting]:
    """Yield the widths of the layers behind the backbone.

    They keep their share of the width of the backbone.

    Args:
        recipe: ``model`` of the recipe.
        situation: What the settings follow from.
        network: The backbone.
    """
    neck = recipe.get('neck') or {}
    old = neck.get('projection', neck).get('in_channels')
    why = 'layers behind the network keep their share of its width'
    for part in ('neck', 'head'):
        found = _resized(
            recipe.get(part) or {}, f'model.{part}', old, situation, network
        )
        for setting in found:
            yield Setting(setting.key, setting.value, why)
            why = ''


def _resized(
    part: Mapping,
    key: str,
    old: int | None,
    situation: Situation,
    network: Network,
) -> Iterator[Setting]:
    for name, value in _norm(part, situation).items():
        yield Setting(f'{key}.{name}', value)
    for name, value in part.items():
        if isinstance(value, Mapping):
            inner = f'{key}.{name}'
            yield from _resized(value, inner, old, situation, network)
        elif name in _WIDTHS and old and value >= _SCALED_FROM:
            width = round(value * network.width / old / 32) * 32
            width = max(_MIN_WIDTH, width)
            if value == old:
                # What the backbone gives, of whatever width.
                width = network.width
            if width != value:
                yield Setting(f'{key}.{name}', width)


def _norm(part: Mapping, situation: Situation) -> dict:
    kind = str(part.get('type', '')).rpartition('.')[2]
    if situation.on_gpu or kind not in _NORMS:
        return {}
    return dict(norm_cfg=dict(type=_NORMS[kind]))


def contrast_settings(
    recipe: Mapping, situation: Situation, schedule: Schedule, loaded: int
) -> Iterator[Setting]:
    """Yield the queue of keys and the momentum of MoCo v2 and CsMl.

    Args:
        recipe: ``model`` of the recipe.
        situation: What the settings follow from.
        schedule: Length of the training.
        loaded: Images that the loaders give for a step, on all devices.
    """
    if 'queue_len' not in recipe:
        return
    batch = loaded
    queue = min(recipe['queue_len'], situation.num_images // 3)
    yield Setting(
        'model.queue_len',
        max(2, queue // batch) * batch,
        'a third of the images, whole steps, at most as in the recipe',
        'queue of keys',
    )
    momentum = min(0.01, max(recipe['momentum'], 50 / schedule.num_steps))
    yield Setting(
        'model.momentum',
        round(momentum, 4),
        f'the average follows within a fiftieth of {schedule.num_steps:,} '
        'steps',
    )


def assignment_settings(
    recipe: Mapping, situation: Situation, schedule: Schedule
) -> Iterator[Setting]:
    """Yield prototypes, sharpness and queue of SwAV and SS-PRL.

    Args:
        recipe: ``model`` of the recipe.
        situation: What the settings follow from.
        schedule: Length of the training.
    """
    head = recipe.get('head') or {}
    loss = head.get('loss') or {}
    key, part = 'model.head.loss', loss
    if 'num_patches' in head:
        key, part = 'model.head', head
    if 'num_prototypes' not in part:
        return
    num, batch = situation.num_images, schedule.images_per_step
    old = part['num_prototypes']
    prototypes: int | tuple[int, ...]
    if isinstance(old, int):
        prototypes = min(old, max(30, num // 12))
    else:
        first = min(old[0], max(30, num // 25))
        prototypes = (first, *(max(15, first // 2) for _ in old[1:]))
    yield Setting(
        f'{key}.num_prototypes',
        prototypes,
        f'so many that {num:,} images tell them apart, at most as in the '
        'recipe',
        'prototypes of the loss',
    )
    if schedule.is_short:
        yield Setting(
            f'{key}.epsilon',
            0.02,
            'with 0.05 assignments stay even for too many steps '
            '(docs/demo.md)',
        )
    if 'num_crops' in part and len(part['num_crops']) > 1:
        crops = [*part['num_crops']]
        crops[1] = num_local_views(crops[1], situation)
        yield Setting(f'{key}.num_crops', crops)
    if 'queue_lengths' in part:
        why = 'only batches of few images need a queue'
        yield Setting(f'{key}.queue_lengths', None, why)
    elif isinstance(prototypes, int) and prototypes > batch:
        length = min(prototypes, num // 4) // batch * batch
        if length:
            yield Setting(
                f'{key}.queue_length',
                length,
                f'{batch} images cannot use {prototypes} prototypes evenly',
            )
            yield Setting(
                f'{key}.queue_start_epoch', max(1, schedule.epochs // 10)
            )


def distillation_settings(
    recipe: Mapping, situation: Situation, schedule: Schedule, share: float
) -> Iterator[Setting]:
    """Yield outputs, crops and warm-up of DINO and iBOT.

    Args:
        recipe: ``model`` of the recipe.
        situation: What the settings follow from.
        schedule: Length of the training.
        share: Epochs for every epoch of the recipe.
    """
    head = recipe.get('head') or {}
    if 'warmup_teacher_temp_epochs' not in head:
        return
    outputs = 1 << max(8, (situation.num_images // 2).bit_length() - 1)
    yield Setting(
        'model.head.out_channels',
        min(head['out_channels'], outputs),
        'half of the images, a power of two, at most as in the recipe',
        'outputs of the teacher',
    )
    warm_up = max(1, round(head['warmup_teacher_temp_epochs'] * share))
    yield Setting('model.head.warmup_teacher_temp_epochs', warm_up)
    crops = [*recipe['num_crops']]
    crops[1] = num_local_views(crops[1], situation)
    yield Setting('model.num_crops', crops)


def tokenizer_settings(
    recipe: Mapping, situation: Situation, network: Network
) -> Iterator[Setting]:
    """Yield head and tokenizer of BEiT.

    Args:
        recipe: ``model`` of the recipe.
        situation: What the settings follow from.
        network: The backbone.
    """
    if not recipe.get('target_generator'):
        return
    yield Setting('model.head.embed_dims', network.width)
    if situation.on_gpu:
        return
    yield Setting(
        'model.target_generator',
        dict(type='DALL-E', n_hid=8, vocab_size=32),
        'random: the trained one of the recipe is too slow for a CPU, and '
        'has to be downloaded. Features will be poor',
        'tokenizer',
        whole=True,
    )
    yield Setting('model.head.num_embed', 32)
