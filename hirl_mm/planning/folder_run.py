"""From a folder to the plan of its training, and the files of the plan."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from hirl_mm.files import replacing
from hirl_mm.machine import Machine, gibibytes, this_machine

from .choices.situation import Situation
from .image_source import ImageSource, image_source
from .plan import Plan, Wishes, plan_training
from .recipes import Recipe
from .separate_trial import try_apart
from .summary import plan_lines, survey_lines
from .survey import Survey, survey_images
from .trial import Trial

FOLDER = 'plan'
INIT = 'init_backbone.pth'
# Share of the memory that a plan may use, and the least images of a step.
_MEMORY_SHARE = 0.9
_MIN_BATCH = 8


class UnreadableImagesError(ValueError):
    """Images cannot be read, and the user did not say to skip them."""


def plan_folder(
    images: str | os.PathLike,
    recipe: Recipe,
    wishes: Wishes,
    *,
    labels: bool = True,
    skip_broken: bool = False,
    device_memory: float | None = None,
    decode_all: bool = True,
    log: Callable[[str], None] = lambda line: None,
) -> tuple[Plan, ImageSource, Survey, Trial]:
    """Look at the images of a folder and plan a training of them.

    Args:
        images: Folder, shards or list, see :func:`image_source`.
        recipe: Recipe of the method.
        wishes: What the user decides.
        labels: Whether subfolders may be classes.
        skip_broken: Whether to train without images that cannot be read.
        device_memory: Memory that a device may use, in GiB; None for nine
            tenths of it.
        decode_all: Whether to decode all images, or a sample of 512.
        log: Function that writes a line of the report.

    Raises:
        OSError: If the images are not there or cannot be listed.
        ValueError: If images cannot be read and are not to be skipped, are
            too few, or do not fit into the memory; if a wish does not fit.
    """
    machine = this_machine()
    source = image_source(images, labels)
    survey = survey_images(source.paths, decode_all, machine.cores, log)
    for line in survey_lines(source, survey):
        log(line)
    situation = situation_of(recipe, source, survey, machine, skip_broken)
    log(f'machine: {machine}')
    plan, trial = tried_plan(
        recipe, source, situation, wishes, device_memory, log
    )
    allowed = f'of {gibibytes(machine.device_memory)} GiB'
    for line in plan_lines(plan, trial, allowed):
        log(line)
    return plan, source, survey, trial


def situation_of(
    recipe: Recipe,
    source: ImageSource,
    survey: Survey,
    machine: Machine,
    skip_broken: bool,
) -> Situation:
    """Return what the choices of a training follow from.

    Raises:
        UnreadableImagesError: If images cannot be read, and are not to be
            skipped.
    """
    if survey.unreadable and not skip_broken:
        raise UnreadableImagesError(
            f'{len(survey.unreadable):,} of {survey.num_images:,} images '
            'cannot be read, see above: repair or remove them, or give '
            '--skip-broken to train without them'
        )
    return Situation(
        recipe.method,
        survey.num_readable,
        survey.short_sides[1],
        survey.is_grey,
        machine,
        len(source.class_names),
        skip_broken and bool(survey.unreadable),
    )


def tried_plan(
    recipe: Recipe,
    source: ImageSource,
    situation: Situation,
    wishes: Wishes,
    device_memory: float | None = None,
    log: Callable[[str], None] = lambda line: None,
) -> tuple[Plan, Trial]:
    """Plan a training, try a few steps, and plan again with their time.

    If the steps need more memory than there is, the batch is halved until
    they fit.

    Args:
        recipe: Recipe of the method.
        source: The images.
        situation: What the choices follow from.
        wishes: What the user decides.
        device_memory: Memory of a device that may be used, in GiB; None for
            nine tenths of what there is.
        log: Function that writes a line about the progress.

    Raises:
        ValueError: If even few images do not fit into the memory, or the
            user's batch does not.
    """
    limit = device_memory
    if limit is None:
        limit = _MEMORY_SHARE * situation.machine.device_memory
    max_batch = None
    while True:
        plan = plan_training(
            recipe, source, situation, wishes, max_batch=max_batch
        )
        needed = f'more than {limit:.1f}'
        trial = None
        try:
            trial = try_apart(plan.text, plan.images_per_step)
            needed = f'{trial.peak_memory:.1f}'
        except MemoryError:
            pass
        if trial is not None and trial.peak_memory <= limit:
            break
        batch = plan.schedule.images_per_step
        batch //= max(1, situation.machine.gpus)
        if wishes.batch_size is not None or batch <= _MIN_BATCH:
            raise ValueError(
                f'a training with {batch} images per step needs {needed} GiB, '
                f'but {limit:.1f} GiB may be used: give a smaller '
                '--batch-size or --image-size, or free memory'
            )
        log(f'{batch} images per step need {needed} GiB: trying half of them')
        max_batch = batch // 2
    seconds = trial.seconds_per_image * plan.images_per_epoch
    plan = plan_training(recipe, source, situation, wishes, seconds, max_batch)
    return plan, trial


def write_plan(
    plan: Plan,
    survey: Survey,
    trial: Trial,
    out: str | os.PathLike,
    wishes: Wishes,
) -> Path:
    """Write the config of a plan, and what was found, into a work folder.

    They go to a folder of their own, because MMEngine writes the resolved
    config under the same name into the work folder.

    Args:
        plan: The plan.
        survey: What the images are.
        trial: What a few steps took.
        out: Work folder of the training.
        wishes: What the user decided, with the weights to start from.

    Returns:
        File of the config.
    """
    folder = Path(out, FOLDER)
    record = dict(
        num_images=survey.num_images,
        num_bytes=survey.num_bytes,
        short_sides=survey.short_sides,
        sizes=[[*size, num] for size, num in survey.sizes.items()],
        modes=survey.modes,
        unreadable=survey.unreadable,
        one_colour=list(survey.one_colour),
        duplicates=[list(group) for group in survey.duplicates],
        num_decoded=survey.num_decoded,
        seconds_per_image=trial.seconds_per_image,
        peak_memory_gib=trial.peak_memory,
    )
    with replacing(folder / 'survey.json') as temporary:
        temporary.write_text(json.dumps(record, indent=1) + '\n')
    if wishes.init is not None:
        wishes.init.write(wishes.init_file)
    config = folder / f'{plan.recipe.method}.py'
    with replacing(config) as temporary:
        temporary.write_text(plan.text)
    return config


def planned_config(out: str | os.PathLike) -> Path:
    """Return the config of a plan that was written into a work folder.

    Raises:
        FileNotFoundError: If there is none.
    """
    found = sorted(Path(out, FOLDER).glob('*.py'))
    if not found:
        raise FileNotFoundError(
            f'{os.fspath(out)!r} has no plan to resume: start it without '
            '--resume'
        )
    return found[0]
