from mmengine.runner import Runner
from torch.optim import Optimizer


def optimizer_with_plain_steps(runner: Runner, hook: str) -> Optimizer:
    """Return the optimizer of a run, checked for hooks on its ``step``.

    Args:
        runner: The Runner of the training.
        hook: Name of the hook that runs before or after each step, for the
            error message.

    Raises:
        ValueError: If the optimizer is fused and the loss is scaled. A fused
            optimizer unscales the gradients inside ``step``, and skips a step
            inside it, too. A hook on ``step`` would see scaled gradients, and
            would run for skipped steps.
    """
    wrapper = runner.optim_wrapper
    optimizer = wrapper.optimizer
    if hasattr(wrapper, 'loss_scaler') and optimizer.defaults.get('fused'):
        raise ValueError(
            f'{hook} needs unscaled gradients and must not run for skipped '
            'steps, but with fused=True the optimizer unscales gradients and '
            'skips steps by itself: leave fused out of '
            'optim_wrapper.optimizer, or train without AmpOptimWrapper'
        )
    return optimizer
