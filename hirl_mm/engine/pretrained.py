import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader, set_random_seed

from hirl_mm.registry import MODELS

# A smaller share of matching keys means another architecture or prefix.
_MIN_MATCHED = 0.95


def load_pretrained(cfg: Config, checkpoint: str | None) -> BaseModel:
    """The model of a config with the weights of a checkpoint.

    Args:
        cfg: A training config.
        checkpoint: File; None for the config's random initialisation, with
            the seed the config trains from.

    Returns:
        The model in evaluation mode, on a GPU where there is one.

    Raises:
        ValueError: If less than 95 % of the backbone's weights are in the
            checkpoint, in shape and name.
    """
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    seed = cfg.get('randomness', {}).get('seed')
    set_random_seed(0 if seed is None else seed)
    model = MODELS.build(with_data_preprocessor(cfg))
    if checkpoint is None:
        _init_weights(model)
    else:
        loaded = CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
        state = loaded.get('state_dict', loaded)
        _check_backbone(model, state, checkpoint)
        _load_matching(model, state)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return model.to(device).eval()


def with_data_preprocessor(cfg: Config) -> dict:
    """The model's config as the Runner completes it before it builds."""
    model = cfg.model.copy()
    if cfg.get('data_preprocessor') is not None:
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    return model


def _init_weights(model: BaseModel) -> None:
    """Initialise without MMEngine's log line per parameter."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel('WARNING')
    model.init_weights()
    logger.setLevel(level)


def _check_backbone(
    model: BaseModel, state: dict[str, torch.Tensor], checkpoint: str
) -> None:
    wanted = {f'backbone.{k}': v for k, v in model.backbone.named_parameters()}
    missing = [
        key
        for key, value in wanted.items()
        if key not in state or state[key].shape != value.shape
    ]
    if len(missing) <= (1 - _MIN_MATCHED) * len(wanted):
        return
    prefixes = sorted({key.split('.')[0] for key in state})
    raise ValueError(
        f'{checkpoint} holds {len(wanted) - len(missing)} of the '
        f"{len(wanted)} weights of the config's backbone "
        f'({type(model.backbone).__name__}); missing or of another shape are '
        f'{", ".join(missing[:3])} ... The keys of the file begin with '
        f'{", ".join(prefixes[:8])}: give the config of the run that wrote it'
    )


def _load_matching(model: BaseModel, state: dict[str, torch.Tensor]) -> None:
    result = model.load_state_dict(state, strict=False)
    logger = MMLogger.get_current_instance()
    for what, keys in dict(
        missing=result.missing_keys, unused=result.unexpected_keys
    ).items():
        if keys:
            logger.warning(
                f'{len(keys)} weights are {what}: {", ".join(keys[:5])} ...'
            )
