"""What HIRL takes in a step beyond the method's own loss."""

from collections.abc import Callable
from unittest import mock

from arm import Arm
from step_parts import Stopwatch
from timing import quartiles

from hirl_mm.models import HIRLAlgorithm

TAP, METHOD = 'tap', 'method'


def seconds_of_tap(
    arm: Arm, steps: int, device: str, clock: Callable
) -> dict[str, float]:
    """Median and quartiles of ``HIRLAlgorithm.loss`` less the method's own.

    In an arm without a tree that is the hook on the embedding, the sample
    indices and the figure of the embedding's spread.
    """
    order = type(arm.model).__mro__
    method = order[order.index(HIRLAlgorithm) + 1]
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
