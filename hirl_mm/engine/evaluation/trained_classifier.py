import torch
from mmengine.config import Config
from mmengine.model import BaseModel

from hirl_mm.checkpoints.matching import match, required_weights
from hirl_mm.checkpoints.mismatch import differences
from hirl_mm.checkpoints.state_dict import read_state_dict
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.registry import MODELS, enter_scope


def load_classifier(
    cfg: Config, checkpoint: str, trust: bool = False
) -> BaseModel:
    """Build the classifier of a config and load all of its weights.

    Args:
        cfg: Config of the training of the classifier.
        checkpoint: Path of the checkpoint of that training.
        trust: Whether the file may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Returns:
        The classifier in evaluation mode, on a GPU if there is one. Called
        with images (B, 3, H, W), it returns scores (B, C).

    Raises:
        ValueError: If the config is none of a classifier, the checkpoint
            lacks a weight, or reading it needs ``trust``.
        OSError: If the file cannot be read.
    """
    enter_scope(cfg)
    model = MODELS.build(with_data_preprocessor(cfg))
    if not hasattr(model, 'backbone') or not hasattr(
        getattr(model, 'head', None), 'num_classes'
    ):
        raise ValueError(
            f'{cfg.filename} trains a {type(model).__name__}, which is no '
            'classifier: give the config of a fine-tuning, such as those in '
            'configs/evaluation/semisup'
        )
    state = read_state_dict(checkpoint, trust)
    found = match(required_weights(model), state)
    if len(found.matched) < found.total:
        raise ValueError(
            f'{checkpoint} does not hold the classifier of {cfg.filename}: '
            f'{"; ".join(differences(found))}. Give the checkpoint of the '
            'fine-tuning itself, not that of the pre-training'
        )
    model.load_state_dict(state, strict=False)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return model.to(device).eval()
