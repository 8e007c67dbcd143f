import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from mmengine.runner import set_random_seed

from hirl_mm.checkpoints import load_backbone_state
from hirl_mm.checkpoints.matching import evaluated_prefix, match
from hirl_mm.checkpoints.mismatch import differences
from hirl_mm.checkpoints.state_dict import read_weights
from hirl_mm.models.modules import average_sources, with_averages

from .trained_model import built_model


def load_pretrained(
    cfg: Config,
    checkpoint: str | None,
    prefix: str | None = None,
    trust: bool = False,
) -> BaseModel:
    """Build the model of a config and load the weights of a checkpoint.

    Args:
        cfg: A training config.
        checkpoint: Path of the checkpoint file of a training run, or of a
            backbone alone. The backbone is loaded into the network that
            ``extract_feat`` runs, for DINO and iBOT the teacher. None for a
            random initialisation with the seed of the config.
        prefix: Prefix of the backbone's keys in the file, see
            :func:`load_backbone`.
        trust: Whether the file may run code, see :func:`read_checkpoint`.

    Returns:
        The model in evaluation mode, on a GPU if there is one.

    Raises:
        ValueError: If less than 95 % of the weights of that backbone are in
            the checkpoint with the same name and shape, the checkpoint
            records another network, or reading the file needs ``trust``.
    """
    seed = cfg.get('randomness', {}).get('seed')
    set_random_seed(0 if seed is None else seed)
    model = built_model(cfg)
    if checkpoint is None:
        _init_weights(model)
    else:
        _load_checkpoint(model, checkpoint, prefix, trust)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return model.to(device).eval()


def _init_weights(model: BaseModel) -> None:
    """Initialise the weights without MMEngine's log line per parameter."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel('WARNING')
    model.init_weights()
    logger.setLevel(level)


def _load_checkpoint(
    model: BaseModel, checkpoint: str, prefix: str | None, trust: bool
) -> None:
    """Load the evaluated backbone strictly, and other weights if they fit."""
    state, meta = read_weights(checkpoint, trust)
    state = with_averages(state, average_sources(model))
    evaluated = evaluated_prefix(model.state_dict())
    wanted = {
        key: value
        for key, value in model.state_dict().items()
        if not key.startswith(evaluated)
    }
    rest = match(wanted, state)
    # Before the evaluated backbone, which may be the average of a network
    # in the rest, and would become a copy of it.
    model.load_state_dict({k: state[k] for k in rest.matched}, strict=False)
    backbone = model.get_submodule(evaluated.rstrip('.'))
    load_backbone_state(backbone, state, checkpoint, prefix, meta)
    for phrase in differences(rest):
        MMLogger.get_current_instance().warning(
            f'{checkpoint}, outside the evaluated backbone: {phrase}'
        )
