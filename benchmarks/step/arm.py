"""A model with its optimizer, ready for training steps on one batch."""

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper

from hirl_mm.engine.hooks.parameter_clip_hook import clip_each
from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.registry import MODELS, type_name


class Arm:
    """One of the models that are compared.

    Args:
        cfg: Training config, which is fitted to a CPU in place.
        batch: Batch that every step trains on.
        device: Device of the model and the batch.
    """

    def __init__(self, cfg: Config, batch: dict, device: str) -> None:
        if device == 'cpu':
            fit_to_cpu(cfg)
        model = MODELS.build(with_data_preprocessor(cfg))
        model.init_weights()
        # As MMEngine's Runner does with one process.
        self.model = revert_sync_batchnorm(model).to(device).train()
        self.optim_wrapper = build_optim_wrapper(self.model, cfg.optim_wrapper)
        self.batch = batch
        self._register_step_hooks(cfg)

    def copy_weights(self, source: 'Arm') -> None:
        """Copy the weights of another arm; keep those that it does not have.

        Raises:
            RuntimeError: If other weights than those of HIRL's head differ.
        """
        state = source.model.state_dict()
        found = self.model.load_state_dict(state, strict=False)
        own = [k for k in found.missing_keys if not k.startswith('spd_head')]
        if own or found.unexpected_keys:
            raise RuntimeError(
                'the arms are different networks: '
                f'{own + found.unexpected_keys}'
            )

    def step(self) -> dict:
        """Run forward, backward and optimizer; return the values to log."""
        return self.model.train_step(self.batch, self.optim_wrapper)

    def _register_step_hooks(self, cfg: Config) -> None:
        """Do what the recipe's hooks do around a step, without a Runner."""
        optimizer = self.optim_wrapper.optimizer
        for hook in cfg.get('default_hooks', {}).values():
            name = type_name(hook['type'])
            if name == 'TeacherUpdateHook':
                optimizer.register_step_post_hook(
                    lambda *_: self.model.move_teacher()
                )
            elif name == 'ParameterClipHook':
                optimizer.register_step_pre_hook(
                    lambda *_, most=hook['max_norm']: clip_each(
                        optimizer, most
                    )
                )

    def resident_bytes(self) -> int:
        """Return the bytes of weights, gradients, optimizer and tree."""
        tensors = [*self.model.parameters(), *self.model.buffers()]
        tensors += [p.grad for p in self.model.parameters()]
        for state in self.optim_wrapper.optimizer.state.values():
            tensors += state.values()
        tree = getattr(self.model, 'tree', None)
        if tree is not None:
            tensors += [*tree.centroids, *tree.parents, tree.leaf]
        return sum(
            tensor.numel() * tensor.element_size()
            for tensor in tensors
            if isinstance(tensor, torch.Tensor)
        )
