"""What is told about a folder and a plan, as lines of text."""

from collections.abc import Iterator
from datetime import timedelta

from hirl_mm.tables import printable

from .image_source import ImageSource
from .plan import Plan
from .survey import Survey
from .trial import Trial

_NAMED = 10
_SIZES = 3
_MIB = 2**20


def survey_lines(source: ImageSource, survey: Survey) -> Iterator[str]:
    """Yield what was found in a folder.

    What a terminal would obey in names of files and classes is escaped.

    Args:
        source: The images.
        survey: What they are.
    """
    yield (
        f'{survey.num_images:,} images ({source.kind}), '
        f'{survey.num_bytes / _MIB:,.0f} MiB'
    )
    low, middle, high = survey.short_sides
    sizes = [f'{w}x{h} ({num:,})' for (w, h), num in survey.sizes.items()]
    more = f' and {len(sizes) - _SIZES} others' * (len(sizes) > _SIZES)
    yield f'sizes: {", ".join(sizes[:_SIZES])}{more}'
    yield f'short side: {low} to {high} pixels, median {middle}'
    modes = [f'{mode} ({num:,})' for mode, num in survey.modes.items()]
    yield f'colour modes of the files: {", ".join(modes)}'
    if source.class_names:
        yield f'classes: {len(source.class_names)}; they only measure'
    if source.note:
        yield f'labels: {source.note}'
    if survey.num_decoded < survey.num_images:
        yield (
            f'decoded: {survey.num_decoded:,} of them; a training decodes all '
            'before it starts'
        )
    if survey.duplicates:
        example = survey.duplicates[0][-1]
        what = 'repeat another file byte by byte and stay'
        yield _counted(survey.num_duplicates, what, example)
    if survey.one_colour:
        num, example = len(survey.one_colour), survey.one_colour[0]
        yield _counted(num, 'have one colour only', example)
    yield from unreadable_lines(survey)


def unreadable_lines(survey: Survey) -> list[str]:
    """Return the images that cannot be read, the first ones with reasons."""
    found = survey.unreadable
    if not found:
        return []
    lines = [f'{len(found):,} cannot be read:']
    for path, reason in list(found.items())[:_NAMED]:
        lines.append(f'  {printable(path)}: {printable(reason)}')
    if len(found) > _NAMED:
        lines.append(f'  and {len(found) - _NAMED:,} others')
    return lines


def plan_lines(plan: Plan, trial: Trial | None, where: str) -> Iterator[str]:
    """Yield the choices of a plan, what it costs and how to change it.

    Args:
        plan: The plan.
        trial: What a few steps of it took; None if none were made.
        where: What is said about the memory, such as ``'of 78 GiB'``.
    """
    yield f'method: {plan.recipe.method}, recipe {plan.recipe.file.name}'
    for choice in plan.choices():
        name, _, value = choice.label.partition(': ')
        value = value or _short(choice.value)
        how = f' [{choice.change}]' if choice.change else ''
        yield f'{name}: {value} - {choice.reason}{how}'
    yield (
        f'steps: {plan.schedule.steps_per_epoch:,} per epoch, '
        f'{plan.schedule.num_steps:,} in all'
    )
    if trial is not None:
        epoch = trial.seconds_per_image * plan.images_per_epoch
        yield (
            f'expected: {_time(epoch)} per epoch, and about a quarter more '
            f'with a tree; {_time(total_seconds(plan, trial))} in all '
            f'({1 / trial.seconds_per_image:,.0f} images/s in '
            f'{trial.num_steps} steps)'
        )
        yield f'memory: {trial.peak_memory:.1f} GiB {where}'


def total_seconds(plan: Plan, trial: Trial) -> float:
    """Return the expected time of a training, with that of the trees."""
    epoch = trial.seconds_per_image * plan.images_per_epoch
    epochs, first = plan.schedule.epochs, plan.schedule.start_epoch
    return epoch * (epochs + 0.25 * (epochs - first))


def _counted(num: int, what: str, example: str) -> str:
    return f'{num:,} {what}, such as {printable(example)}'


def _short(value: object) -> str:
    if isinstance(value, dict):
        kind = value.get('checkpoint') or value.get('type')
        rate = f', lr {value["lr"]:g}' if 'lr' in value else ''
        return f'{kind}{rate}'
    if isinstance(value, tuple | list):
        return ', '.join(map(str, value))
    return str(value)


def _time(seconds: float) -> str:
    if seconds < 10:
        return f'{seconds:.1f} s'
    return str(timedelta(seconds=round(seconds)))
