from mmengine.config import Config
from mmengine.model import BaseModel

from hirl_mm.checkpoints.state_dict import read_state_dict

from .trained_model import built_model, load_all


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
    model = built_model(cfg)
    if not hasattr(model, 'backbone') or not hasattr(
        getattr(model, 'head', None), 'num_classes'
    ):
        raise ValueError(
            f'{cfg.filename} trains a {type(model).__name__}, which is no '
            'classifier: give the config of a fine-tuning, such as those in '
            'configs/evaluation/semisup'
        )
    return load_all(
        model,
        read_state_dict(checkpoint, trust),
        f'{checkpoint} does not hold the classifier of {cfg.filename}',
        'Give the checkpoint of the fine-tuning itself, not that of the '
        'pre-training',
    )
