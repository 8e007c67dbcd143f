from collections.abc import Mapping

from mmengine.logging import MMLogger
from torch import Tensor, nn

from .matching import (
    COUNTER,
    Match,
    counted_weights,
    evaluated_prefix,
    match,
    prefixes_of,
    under,
)
from .mismatch import differences, listed, unfit
from .position_embeddings import fit_positions, position_names
from .reading import read_state_dict

_MOST_OTHERS = 4


def load_backbone(
    module: nn.Module,
    checkpoint: str,
    prefix: str | None = None,
    trust: bool = False,
) -> None:
    """Load a checkpoint into a backbone, or say why it does not fit.

    Weights have to agree in name and shape; position embeddings of another
    image size are interpolated, which the log says.

    Args:
        module: The backbone.
        checkpoint: A file, see :func:`read_state_dict`.
        prefix: What stands before the backbone's names in the file, such as
            ``'encoder_k.module.0.'``. None for the network that a training
            run evaluates: ``teacher.backbone.`` where the file has it, else
            ``backbone.``, else bare names.
        trust: See :func:`read_checkpoint`.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If the file is no checkpoint, or only half of one.
        ValueError: If no file is given, it has less than 95 % of the
            backbone's weights, or its position embeddings cannot be
            interpolated, or the file needs ``trust``.

    Example:
        In a config::

            backbone=dict(
                type='ResNet',
                depth=50,
                init_cfg=dict(
                    type='Pretrained', _scope_='hirl_mm', checkpoint=FILE))
    """
    load_backbone_state(
        module, read_state_dict(checkpoint, trust), checkpoint, prefix
    )


def load_backbone_state(
    module: nn.Module,
    state: Mapping[str, Tensor],
    source: str,
    prefix: str | None = None,
) -> None:
    """:func:`load_backbone` for weights that were read already.

    Args:
        module: The backbone.
        state: The weights.
        source: Names their file in messages.
        prefix: As there.
    """
    if prefix is None:
        prefix = evaluated_prefix(state)
    elif prefix and not prefix.endswith('.'):
        prefix += '.'
    weights, notes = fit_positions(module, under(state, prefix))
    found = match(counted_weights(module), weights)
    network = type(module).__name__
    if not found.fits:
        _check_positions(module, found, source)
        others = _under_others(module, state, prefix)
        raise ValueError(unfit(source, network, prefix, found, others, state))
    matched = set(found.matched)
    loadable = {
        name: value
        for name, value in weights.items()
        if name in matched or name.endswith(COUNTER)
    }
    module.load_state_dict(loadable, strict=False)
    _log(f'{network} from {source}, prefix={prefix!r}', found, notes)


def _under_others(
    module: nn.Module, state: Mapping[str, Tensor], tried: str
) -> dict[str, Match]:
    """What the file has of the backbone under other prefixes."""
    wanted = counted_weights(module)
    others = [p for p in prefixes_of(wanted, state) if p != tried]
    return {
        prefix: match(wanted, fit_positions(module, under(state, prefix))[0])
        for prefix in others[:_MOST_OTHERS]
    }


def _check_positions(module: nn.Module, found: Match, source: str) -> None:
    """Say of positions that they are all that does not fit."""
    for name in position_names(module):
        if [name] == list(found.reshaped) and not found.missing:
            wanted, there = found.reshaped[name]
            raise ValueError(
                f'{name} of {source} has shape {there}, which cannot be '
                f'interpolated to {wanted}: it is not of a square image, or '
                'has other extra tokens. Give the backbone the img_size and '
                'patch_size of the pre-training'
            )


def _log(what: str, found: Match, notes: list[str]) -> None:
    logger = MMLogger.get_current_instance()
    count = f'{len(found.matched)} of {found.total} weights'
    logger.info(f'{what}: {count} loaded')
    for note in notes:
        logger.info(f'{what}: {note}')
    for phrase in differences(found):
        logger.warning(f'{what}: {phrase}; they keep their initial values')
    if found.unused:
        logger.warning(
            f'{what}: not used of the file are {listed(found.unused)}'
        )
