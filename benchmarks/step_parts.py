"""Where the time of a step of DINO or iBOT goes."""

import functools
from collections.abc import Callable, Sequence
from contextlib import contextmanager

from arm import Arm
from timing import quartiles, synchronize

OTHER = 'other'
PARTS = (
    'student forward',
    'teacher forward',
    'head and loss',
    'backward',
    'optimizer',
    'teacher update',
    OTHER,
)


class Stopwatch:
    """Seconds per part; a part within another counts for itself alone."""

    def __init__(
        self, device: str, clock: Callable, parts: Sequence[str] = PARTS
    ) -> None:
        self.device = device
        self.clock = clock
        self.seconds = dict.fromkeys(parts, 0.0)
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def part(self, name: str):
        self._book()
        self._running.append(name)
        try:
            yield
        finally:
            self._book()
            self._running.pop()

    def _book(self) -> None:
        """The time since the last change to the part that was running."""
        synchronize(self.device)
        now = self.clock()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now

    def timed(self, part: str, function: Callable) -> Callable:
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self.part(part):
                return function(*args, **kwargs)

        return wrapped


def seconds_per_part(
    arm: Arm, steps: int, device: str, clock: Callable
) -> dict[str, dict]:
    """Median and quartiles over ``steps`` steps, each part by itself.

    Methods of the arm's own objects are wrapped with a stopwatch meanwhile.
    On an accelerator it waits for the device wherever a part ends, so the
    parts together take longer than a step does.
    """
    runs = {part: [] for part in PARTS}
    for _ in range(steps):
        watch = Stopwatch(device, clock)
        with _watched(arm, watch), watch.part(OTHER):
            arm.step()
        for part, seconds in watch.seconds.items():
            runs[part].append(seconds)
    return {part: quartiles(values) for part, values in runs.items()}


def _places(arm: Arm) -> list[tuple[object, str, str]]:
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
def _watched(arm: Arm, watch: Stopwatch):
    places = _places(arm)
    for owner, method, part in places:
        setattr(owner, method, watch.timed(part, getattr(owner, method)))
    try:
        yield
    finally:
        for owner, method, _ in places:
            delattr(owner, method)
