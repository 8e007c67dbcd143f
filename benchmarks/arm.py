"""A model with its optimizer, ready for training steps on one batch."""

from types import SimpleNamespace

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper

from hirl_mm.registry import HOOKS, MODELS

# The hooks of a recipe that work in every step of most epochs.
_EVERY_STEP = ('hirl_mm.TeacherUpdateHook', 'hirl_mm.ParameterClipHook')


class Arm:
    """One of the models that are compared.

    Args:
        cfg: A training config.
        batch: What every step trains on.
        device: Where.
    """

    def __init__(self, cfg: Config, batch: dict, device: str) -> None:
        preprocessor = cfg.get('data_preprocessor')
        model = MODELS.build(
            dict(cfg.model) | dict(data_preprocessor=preprocessor)
        )
        model.init_weights()
        # As MMEngine's Runner does with one process.
        self.model = revert_sync_batchnorm(model).to(device).train()
        self.optim_wrapper = build_optim_wrapper(
            self.model, _without_amp_on_cpu(cfg.optim_wrapper, device)
        )
        self.batch = batch
        runner = SimpleNamespace(
            model=self.model, optim_wrapper=self.optim_wrapper
        )
        for hook in cfg.get('custom_hooks', []):
            if hook['type'] in _EVERY_STEP:
                HOOKS.build(hook).before_train(runner)

    def copy_weights(self, source: 'Arm') -> None:
        """Start as another arm; heads of HIRL that it lacks stay."""
        state = source.model.state_dict()
        found = self.model.load_state_dict(state, strict=False)
        own = [k for k in found.missing_keys if not k.startswith('spd_head')]
        if own or found.unexpected_keys:
            raise RuntimeError(
                'the arms are different networks: '
                f'{own + found.unexpected_keys}'
            )

    def step(self) -> dict:
        """Forward, backward, optimizer; the values to log."""
        return self.model.train_step(self.batch, self.optim_wrapper)

    def resident_bytes(self) -> int:
        """Of weights, gradients, the optimizer's state and the tree."""
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


def _without_amp_on_cpu(cfg: dict, device: str) -> dict:
    """MMEngine's mixed precision needs an accelerator."""
    cfg = dict(cfg)
    if device == 'cpu' and cfg['type'] == 'AmpOptimWrapper':
        cfg['type'] = 'OptimWrapper'
        cfg.pop('loss_scale', None)
    return cfg
