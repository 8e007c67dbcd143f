from collections.abc import Mapping

from mmengine.logging import MMLogger
from torch import Tensor, nn

from .backbone_facts import check_facts
from .matching import (
    BATCH_COUNT,
    Match,
    evaluated_prefix,
    match,
    prefixes_of,
    required_weights,
    strip_prefix,
)
from .mismatch import differences, first_names, mismatch_message
from .position_embeddings import fit_positions, position_names
from .state_dict import read_weights

_MAX_OTHER_PREFIXES = 4


def load_backbone(
    module: nn.Module,
    checkpoint: str | None,
    prefix: str | None = None,
    trust: bool = False,
) -> None:
    """Load a checkpoint into a backbone; raise if it does not fit.

    Weights must agree in name and shape. Position embeddings of another
    image size are interpolated, and the log says so.

    Args:
        module: The backbone.
        checkpoint: Path of the checkpoint file, or an address that MMEngine
            can read, see :func:`read_state_dict`.
        prefix: Prefix of the backbone's keys in the file, such as
            ``'encoder_k.module.0.'``. None selects the network that a
            training run evaluates: ``teacher.backbone.`` if the file has it,
            else ``backbone.``, else no prefix.
        trust: Whether to read a file that may run code, see
            :func:`read_checkpoint`.

    Raises:
        FileNotFoundError: If the file does not exist.
        OSError: If the file is not a checkpoint, or is incomplete.
        ValueError: If no file is given, it has less than 95 % of the
            backbone's weights, its position embeddings cannot be
            interpolated, it records another number of attention heads or
            another such fact, or it needs ``trust``.

    Example:
        In a config::

            backbone=dict(
                type='ResNet',
                depth=50,
                init_cfg=dict(
                    type='Pretrained', _scope_='hirl_mm', checkpoint=FILE))
    """
    state, meta = read_weights(checkpoint, trust)
    load_backbone_state(module, state, str(checkpoint), prefix, meta)


def load_backbone_state(
    module: nn.Module,
    state: Mapping[str, Tensor],
    source: str,
    prefix: str | None = None,
    meta: Mapping | None = None,
) -> None:
    """Load a state dict into a backbone, see :func:`load_backbone`.

    Args:
        module: The backbone.
        state: Weights by key, as :func:`read_state_dict` returns them.
        source: Name of the file they come from, for messages.
        prefix: Prefix of the backbone's keys in ``state``. None selects the
            evaluated network.
        meta: Entry ``meta`` of the file, whose recorded facts are checked,
            see :func:`~hirl_mm.checkpoints.backbone_facts.check_facts`.

    Raises:
        ValueError: If ``state`` has less than 95 % of the backbone's weights,
            its position embeddings cannot be interpolated, or ``meta``
            records another network.
    """
    if prefix is None:
        prefix = evaluated_prefix(state)
    elif prefix and not prefix.endswith('.'):
        prefix += '.'
    weights, notes = fit_positions(module, strip_prefix(state, prefix))
    found = match(required_weights(module), weights)
    network = type(module).__name__
    if not found.fits:
        _check_positions(module, found, source)
        others = _match_other_prefixes(module, state, prefix)
        raise ValueError(
            mismatch_message(source, network, prefix, found, others, state)
        )
    check_facts(module, meta or {}, source)
    matched = set(found.matched)
    loadable = {
        name: value
        for name, value in weights.items()
        if name in matched or name.endswith(BATCH_COUNT)
    }
    module.load_state_dict(loadable, strict=False)
    _log(f'{network} from {source}, prefix={prefix!r}', found, notes)


def _match_other_prefixes(
    module: nn.Module, state: Mapping[str, Tensor], tried: str
) -> dict[str, Match]:
    """Match the backbone with the weights under the file's other prefixes."""
    required = required_weights(module)
    others = [p for p in prefixes_of(required, state) if p != tried]
    matches = {}
    for prefix in others[:_MAX_OTHER_PREFIXES]:
        weights, _ = fit_positions(module, strip_prefix(state, prefix))
        matches[prefix] = match(required, weights)
    return matches


def _check_positions(module: nn.Module, found: Match, source: str) -> None:
    """Raise if the position embeddings are the only weights that misfit."""
    for name in position_names(module):
        if [name] == list(found.wrong_shape) and not found.missing:
            expected, actual = found.wrong_shape[name]
            raise ValueError(
                f'{name} of {source} has shape {actual}, which cannot be '
                f'interpolated to {expected}: it belongs to an image that is '
                'not square, or has other extra tokens. Give the backbone '
                'the img_size and patch_size of the pre-training'
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
            f'{what}: unused keys of the file: {first_names(found.unused)}'
        )
