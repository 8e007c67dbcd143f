from mmengine.runner import Runner
from torch.optim import Optimizer


def optimizer_with_plain_steps(runner: Runner, hook: str) -> Optimizer:
    """The optimizer of a run, whose ``step`` sees unscaled gradients.

    Args:
        runner: Of the run.
        hook: Whose work hangs on the steps, for the error.

    Raises:
        ValueError: If the optimizer is a fused one under a loss scale. Such
            a one unscales by itself and is called also for steps that it
            skips, so that a hook around the step would see scaled gradients
            and steps that are none.
    """
    wrapper = runner.optim_wrapper
    optimizer = wrapper.optimizer
    if hasattr(wrapper, 'loss_scaler') and optimizer.defaults.get('fused'):
        raise ValueError(
            f'{hook} works around the steps of the optimizer, which with '
            'fused=True are hidden under a loss scale: leave fused out of '
            'optim_wrapper.optimizer, or train without AmpOptimWrapper'
        )
    return optimizer
