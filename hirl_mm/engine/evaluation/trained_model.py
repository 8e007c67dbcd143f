from collections.abc import Mapping

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.checkpoints.matching import match, required_weights
from hirl_mm.checkpoints.mismatch import differences
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.registry import MODELS, enter_scope


def built_model(cfg: Config) -> BaseModel:
    """Build the model of a config in the scope of that config."""
    enter_scope(cfg)
    return MODELS.build(with_data_preprocessor(cfg))


def load_all(
    model: BaseModel,
    state: Mapping[str, Tensor],
    mismatch: str,
    advice: str,
) -> BaseModel:
    """Load weights into a model, all of which must be there.

    Args:
        model: The model.
        state: Weights by key.
        mismatch: First words of the error if weights are missing.
        advice: Last words of that error.

    Returns:
        The model in evaluation mode, on a GPU if there is one.

    Raises:
        ValueError: If weights are missing, or have another shape.
    """
    found = match(required_weights(model), state)
    if len(found.matched) < found.total:
        raise ValueError(
            f'{mismatch}: {"; ".join(differences(found))}. {advice}'
        )
    model.load_state_dict(state, strict=False)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return model.to(device).eval()
