"""Check that the checkpoints of a run were made by the config's backbone."""

from pathlib import Path

from torch import nn

from hirl_mm.checkpoints import read_checkpoint
from hirl_mm.checkpoints.backbone_facts import backbone_of, check_facts
from hirl_mm.checkpoints.loaded_parts import initialised_from
from hirl_mm.checkpoints.state_dict import meta_of


def check_initialising_files(model: nn.Module) -> None:
    """Check the local files that the ``init_cfg`` of a model name.

    MMEngine's initializer compares names and shapes of the weights only. A
    file that cannot be read without trust is left to the initializer.

    Args:
        model: The model, before ``init_weights``.

    Raises:
        ValueError: If a file records facts about its backbone that the model
            contradicts, see
            :func:`~hirl_mm.checkpoints.backbone_facts.check_facts`.
    """
    for path, file in initialised_from(model).items():
        module = model.get_submodule(path)
        backbone = backbone_of(module)
        if backbone is None and path.split('.')[-1] == 'backbone':
            backbone = module
        if backbone is not None and Path(file).expanduser().is_file():
            try:
                content = read_checkpoint(file)
            except (OSError, ValueError):
                continue
            check_facts(backbone, meta_of(content), file)
