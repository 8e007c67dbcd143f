from mmengine.config import Config
from mmengine.model import BaseModel

from hirl_mm.checkpoints import read_checkpoint
from hirl_mm.checkpoints.state_dict import weights_in
from hirl_mm.checkpoints.trees import tree_in
from hirl_mm.structures import PrototypeTree

from .trained_model import built_model, load_all


def load_prototypes(
    cfg: Config, checkpoint: str, trust: bool = False
) -> tuple[BaseModel, PrototypeTree | None]:
    """Build the model of a pre-training and load all that was learned.

    Args:
        cfg: Config of the pre-training.
        checkpoint: Path of a checkpoint of that training.
        trust: Whether the file may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Returns:
        The model in evaluation mode, on a GPU if there is one, and the tree
        of prototypes in the checkpoint, on the CPU; None if there is none.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        OSError: If the file cannot be read.
        ValueError: If a weight of the model is missing or has another shape,
            or reading the file needs ``trust``.
    """
    stored = read_checkpoint(checkpoint, trust)
    model = load_all(
        built_model(cfg),
        weights_in(stored, str(checkpoint)),
        f'{checkpoint} does not hold the model of {cfg.filename}',
        'Give the config and a checkpoint of the same pre-training',
    )
    return model, tree_in(stored)
