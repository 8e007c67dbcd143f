"""Time that HIRL adds to the loss of a method while there is no tree."""

from collections.abc import Callable
from unittest import mock

from benchmarks.common.stopwatch import Stopwatch
from benchmarks.common.timing import quartiles
from benchmarks.step.arm import Arm
from hirl_mm.models import HIRLAlgorithm

TAP, METHOD = 'tap', 'method'


def seconds_of_tap(
    arm: Arm, steps: int, device: str, clock: Callable
) -> dict[str, float]:
    """Time ``HIRLAlgorithm.loss`` without the loss of the method in it.

    In an arm without a tree this is the tap of the embedding, the sample
    indices and the spread of the embedding.

    Args:
        arm: Model with HIRL and without a tree.
        steps: Number of training steps.
        device: Device of the model.
        clock: Function that returns seconds.

    Returns:
        Median and quartiles of the seconds per step.
    """
    order = type(arm.model).__mro__
    bases = order[order.index(HIRLAlgorithm) + 1 :]
    method = next(base for base in bases if 'loss' in vars(base))
    seconds = []
    for _ in range(steps):
        watch = Stopwatch(device, clock, (TAP, METHOD))
        own = watch.timed(METHOD, method.loss)
        whole = watch.timed(TAP, arm.model.loss)
        with (
            mock.patch.object(method, 'loss', own),
            mock.patch.object(arm.model, 'loss', whole),
        ):
            arm.step()
        seconds.append(watch.seconds[TAP])
    return quartiles(seconds)
