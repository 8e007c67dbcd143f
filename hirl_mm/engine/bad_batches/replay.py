"""Running a kept batch again, outside of its training."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass

from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, build_optim_wrapper

from hirl_mm.checkpoints.trees import load_tree
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.evaluation.trained_prototypes import load_prototypes
from hirl_mm.engine.runtime.run_files import TREES_FOLDER, epoch_files
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.models.selfsup import HIRLAlgorithm

from .broken_outputs import BrokenOutput, broken_outputs, norms_by_part
from .kept_batch import KeptBatch
from .step_state import set_random_states


@dataclass(frozen=True)
class ReplayedStep:
    """What a step on a kept batch shows.

    Attributes:
        losses: What the step returns, by name.
        norms: Norm of the gradient by top-level module.
        broken: Broken outputs, see :func:`broken_outputs`.
    """

    losses: dict[str, float]
    norms: dict[str, float]
    broken: list[BrokenOutput]

    def is_good(self) -> bool:
        """Return whether losses and gradients are finite."""
        values = *self.losses.values(), *self.norms.values()
        return all(map(math.isfinite, values))

    def first(self) -> BrokenOutput | None:
        """Return the first broken output, None if there is none."""
        return self.broken[0] if self.broken else None


def loaded_model(
    cfg: Config,
    kept: KeptBatch,
    checkpoint: str | None,
    device: str,
    trust: bool = False,
) -> BaseModel:
    """Build the model of a run as it was before a batch.

    Args:
        cfg: Config of the run.
        kept: The batch.
        checkpoint: Checkpoint with the weights and the tree; None for the
            initial weights of the config.
        device: Where the model shall be.
        trust: Whether the checkpoint may run code.

    Returns:
        The model in training mode.

    Raises:
        OSError: If the checkpoint is missing or cannot be read.
        ValueError: If the checkpoint is of another model.
    """
    if checkpoint is None:
        model, tree = load_pretrained(cfg, None), None
    else:
        model, tree = load_prototypes(cfg, checkpoint, trust)
    model = model.to(device).train()
    if isinstance(model, HIRLAlgorithm):
        model.set_tree(tree)
    preprocessor = model.data_preprocessor
    if isinstance(preprocessor, DeviceViews):
        preprocessor.seed = kept.seed
        preprocessor.num_batches = kept.num_views_made or 0
    return model


def use_tree_of(
    run: str | os.PathLike,
    kept: KeptBatch,
    model: BaseModel,
    trust: bool = False,
) -> None:
    """Set the tree that a run had at a batch.

    It may be newer than that of the last checkpoint. If its file is gone,
    the model keeps the tree that it has.

    Args:
        run: Work folder of the run.
        kept: The batch.
        model: The model.
        trust: Whether the file of the tree may run code.
    """
    files = epoch_files(run, TREES_FOLDER, last=kept.epoch)
    if files and isinstance(model, HIRLAlgorithm):
        model.set_tree(load_tree(files[-1], trust))


def optimizer_of(
    cfg: Config, kept: KeptBatch, model: BaseModel
) -> OptimWrapper:
    """Build the optimizer of a run, with the rates that a step had.

    Args:
        cfg: Config of the run; without an accelerator one that is fit for
            that.
        kept: The batch of the step.
        model: The model.
    """
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    for group, rate in zip(
        wrapper.optimizer.param_groups, kept.rates, strict=True
    ):
        group['lr'] = rate
    return wrapper


def replay(
    model: BaseModel, wrapper: OptimWrapper, kept: KeptBatch, steps: int = 1
) -> Iterator[ReplayedStep]:
    """Run a kept batch forward and backward.

    MMEngine's MessageHub and PyTorch's random states become those of the
    step.

    Args:
        model: The model in training mode; it is trained if there are several
            steps.
        wrapper: Its optimizer, which steps before every step but the first.
        kept: The batch.
        steps: Number of steps on this batch. A step that is not finite is the
            last one.

    Yields:
        What every step shows.
    """
    hub = MessageHub.get_current_instance()
    for key, value in dict(
        epoch=kept.epoch - 1,
        iter=kept.iteration - 1,
        max_epochs=kept.max_epochs,
        max_iters=kept.max_iters,
    ).items():
        hub.update_info(key, value)
    set_random_states(kept.random)
    for _ in range(steps):
        wrapper.zero_grad()
        with broken_outputs(model) as broken, wrapper.optim_context(model):
            data = model.data_preprocessor(kept.batch, True)
            losses = model._run_forward(data, mode='loss')
        loss, logged = model.parse_losses(losses)
        if loss.requires_grad:
            loss.backward()
        step = ReplayedStep(
            {name: value.item() for name, value in logged.items()},
            norms_by_part(model),
            broken,
        )
        yield step
        if not step.is_good():
            return
        wrapper.optimizer.step()
