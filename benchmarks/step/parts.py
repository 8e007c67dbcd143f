"""Time of the parts of a training step of DINO or iBOT."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.common.stopwatch import OTHER, Stopwatch
from benchmarks.common.timing import quartiles
from benchmarks.step.arm import Arm

PARTS = (
    'student forward',
    'teacher forward',
    'head and loss',
    'backward',
    'optimizer',
    'teacher update',
    OTHER,
)


def seconds_per_part(
    arm: Arm, steps: int, device: str, clock: Callable
) -> dict[str, dict]:
    """Time the parts of training steps of DINO or iBOT.

    The public methods of the arm's own objects are timed during the steps. On
    an accelerator the stopwatch waits for the device at the end of every
    part, so the parts together take longer than a step.

    Args:
        arm: Model of DINO or iBOT with its optimizer.
        steps: Number of training steps.
        device: Device of the model.
        clock: Function that returns seconds.

    Returns:
        Median and quartiles of the seconds of every part.
    """
    runs = {part: [] for part in PARTS}
    for _ in range(steps):
        watch = Stopwatch(device, clock, PARTS)
        with _watched(arm, watch), watch.part(OTHER):
            arm.step()
        for part, seconds in watch.seconds.items():
            runs[part].append(seconds)
    return {part: quartiles(values) for part, values in runs.items()}


def _places(arm: Arm) -> list[tuple[object, str, str]]:
    """Return objects, names of their methods and the parts they belong to."""
    model, wrapper = arm.model, arm.optim_wrapper
    teacher = model.teacher
    places = [
        (model.backbone, 'forward', 'student forward'),
        (model.neck, 'forward', 'student forward'),
        (teacher.backbone, 'forward', 'teacher forward'),
        (teacher.neck, 'forward', 'teacher forward'),
        (teacher.last_layer, 'forward', 'teacher forward'),
        (teacher.last_layer, 'mean_output', 'teacher forward'),
        (model.head, 'loss', 'head and loss'),
        (wrapper, 'backward', 'backward'),
        (wrapper, 'step', 'optimizer'),
        (wrapper, 'zero_grad', 'optimizer'),
        (model, 'move_teacher', 'teacher update'),
    ]
    if hasattr(model.head, 'patch_loss'):
        places.append((model.head, 'patch_loss', 'head and loss'))
    return places


@contextmanager
def _watched(arm: Arm, watch: Stopwatch) -> Iterator[None]:
    places = _places(arm)
    for owner, method, part in places:
        setattr(owner, method, watch.timed(part, getattr(owner, method)))
    try:
        yield
    finally:
        for owner, method, _ in places:
            delattr(owner, method)
