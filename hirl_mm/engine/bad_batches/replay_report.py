"""The tables that show what a replayed batch does."""

from collections.abc import Sequence

from torch import Tensor

from hirl_mm.tables import aligned_table, cell, printable

from .broken_outputs import tensors_in
from .kept_batch import KeptBatch
from .replay import ReplayedStep

_MOST_NAMES = 5


def replay_report(
    kept: KeptBatch, steps: Sequence[ReplayedStep], weights: Sequence[str]
) -> str:
    """Return what a replayed batch shows, as text with tables.

    Args:
        kept: The batch.
        steps: Its steps, at least one.
        weights: Names of weights that are not finite before the first step.
    """
    lines = [
        f'epoch {kept.epoch}, iteration {kept.iteration}, rank {kept.rank}, '
        f'seed {kept.seed}: {printable(kept.why)}',
        f'images: {_some([cell(path) for path in kept.images()])}',
        f'weights that are not finite: {_some([*weights])}',
        'first module whose output is not finite: ' + _first(steps[-1]),
    ]
    tables = _inputs(kept), _losses(kept, steps), _norms(steps)
    return '\n'.join([*lines, '', '\n'.join(tables)])


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    shown = ', '.join(names[:_MOST_NAMES]) or 'none'
    return f'{shown} and {more} more' if more > 0 else shown


def _first(step: ReplayedStep) -> str:
    first = step.first()
    if first is None:
        return 'none'
    inputs = (
        f'its inputs have {first.inputs_broken} such entries'
        if first.inputs_broken
        else 'its inputs are finite'
    )
    return (
        f'{first.name or "the model"} ({first.kind}), {first.num_broken} of '
        f'{first.num} entries; {inputs}'
    )


def _inputs(kept: KeptBatch) -> str:
    inputs = kept.batch
    if isinstance(inputs, dict):
        inputs = inputs.get('inputs')
    rows = [
        (str(i), 'x'.join(map(str, x.shape)), _dtype(x), *_figures(x))
        for i, x in enumerate(tensors_in(inputs))
    ]
    head = 'input', 'shape', 'type', 'minimum', 'mean', 'maximum', 'broken'
    return aligned_table(head, rows, left=3)


def _dtype(values: Tensor) -> str:
    return str(values.dtype).removeprefix('torch.')


def _figures(values: Tensor) -> tuple[str, ...]:
    values = values.float()
    finite = values[values.isfinite()]
    broken = str(values.numel() - finite.numel())
    if not finite.numel():
        return '-', '-', '-', broken
    figures = finite.min(), finite.mean(), finite.max()
    return *(f'{x.item():.4g}' for x in figures), broken


def _losses(kept: KeptBatch, steps: Sequence[ReplayedStep]) -> str:
    names = list(steps[0].losses)
    head = 'loss', 'in the run', *_numbered(steps)
    rows = [
        (
            name,
            _number(kept.losses.get(name)),
            *(_number(step.losses.get(name)) for step in steps),
        )
        for name in names
    ]
    return aligned_table(head, rows)


def _norms(steps: Sequence[ReplayedStep]) -> str:
    head = 'norm of the gradient', *_numbered(steps)
    rows = [
        (name, *(_number(step.norms.get(name)) for step in steps))
        for name in steps[0].norms
    ]
    return aligned_table(head, rows)


def _numbered(steps: Sequence[ReplayedStep]) -> tuple[str, ...]:
    return tuple(f'step {i}' for i in range(1, 1 + len(steps)))


def _number(value: float | None) -> str:
    return '-' if value is None else f'{value:.4g}'
