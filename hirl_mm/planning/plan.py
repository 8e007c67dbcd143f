"""The plan of a training of a folder: all choices, each with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from hirl_mm.engine.runtime.config_file import ConfigError
from hirl_mm.engine.runtime.device_views import place_views

from .choices.batch import choose_batch
from .choices.data import data_settings, hook_settings
from .choices.heads import (
    assignment_settings,
    backbone_settings,
    contrast_settings,
    distillation_settings,
    tokenizer_settings,
    width_settings,
)
from .choices.network import choose_network, choose_size
from .choices.optimizer import optimizer_settings
from .choices.pixels import pixel_settings
from .choices.schedule import Schedule, choose_schedule
from .choices.situation import Situation
from .config_text import config_text
from .image_source import ImageSource
from .init_backbone import InitialBackbone
from .recipes import Recipe
from .setting import Setting

# Less images than this have nothing to tell apart.
MIN_IMAGES = 32


@dataclass(frozen=True)
class Wishes:
    """What a user decides instead of the plan; None where it chooses.

    Args:
        epochs: Number of epochs.
        hours: Length of the training in hours.
        batch_size: Images of a step and device.
        image_size: Side of a global view, in pixels.
        init: Backbone with initial weights.
        init_file: File of the config's initial weights, to which those of
            ``init`` are written before the training.
        full_width: Whether a ResNet has the width of those of torchvision.
    """

    epochs: int | None = None
    hours: float | None = None
    batch_size: int | None = None
    image_size: int | None = None
    init: InitialBackbone | None = None
    init_file: Path = Path('init_backbone.pth')
    full_width: bool = False


NO_WISHES = Wishes()


@dataclass(frozen=True)
class Plan:
    """A training of a folder.

    Args:
        recipe: Recipe of the method.
        settings: All lines of the config that differ from the recipe.
        schedule: Length of the training.
        images_per_step: Images that the loader gives for a step, per device.
        images_per_epoch: Images that the loader gives in an epoch, on all
            devices.
        text: The config.
    """

    recipe: Recipe
    settings: Sequence[Setting]
    schedule: Schedule
    images_per_step: int
    images_per_epoch: int
    text: str

    def config(self) -> Config:
        """Return the config as MMEngine reads it."""
        return Config.fromstring(self.text, '.py')

    def choices(self) -> list[Setting]:
        """Return the settings that are shown before a training."""
        return [setting for setting in self.settings if setting.label]


def plan_training(
    recipe: Recipe,
    source: ImageSource,
    situation: Situation,
    wishes: Wishes = NO_WISHES,
    seconds_per_epoch: float | None = None,
    max_batch: int | None = None,
) -> Plan:
    """Plan a training.

    Args:
        recipe: Recipe of the method.
        source: The images.
        situation: What the choices follow from.
        wishes: What the user decides.
        seconds_per_epoch: Measured time of an epoch; None if it is not known
            yet.
        max_batch: Images of a step and device that fit into the memory; None
            if it is not known.

    Raises:
        ValueError: If there are too few images, or a wish does not fit.
    """
    if situation.num_images < MIN_IMAGES:
        raise ValueError(
            f'found {situation.num_images} images that can be read, but a '
            f'hierarchy needs at least {MIN_IMAGES} to compare: give a folder '
            'with more images'
        )
    cfg = recipe.config()
    kind = recipe.kind
    size, why_size = choose_size(situation, wishes.image_size)
    if wishes.init is None:
        network = choose_network(
            situation, kind, size, why_size, wishes.full_width
        )
    elif wishes.full_width:
        raise ValueError(
            'give --full-width or --init: a network with initial weights has '
            'the width of their file'
        )
    else:
        network = wishes.init.network(
            cfg.model.backbone, size, why_size, wishes.init_file
        )
    per_anchor = _images_per_anchor(cfg)
    batch, why = choose_batch(situation, kind, wishes.batch_size, max_batch)
    devices = max(1, situation.machine.gpus)
    schedule = choose_schedule(
        situation,
        batch * devices,
        wishes.epochs,
        wishes.hours,
        seconds_per_epoch,
    )
    share = schedule.epochs / cfg.train_cfg.max_epochs
    loaded = batch * per_anchor
    model = cfg.model
    settings = [
        Setting('default_scope', 'mmpretrain'),
        *data_settings(cfg, source, situation, network, (loaded, why)),
        *pixel_settings(cfg, network),
        *backbone_settings(model, situation, network),
        *width_settings(model, situation, network),
        *contrast_settings(model, situation, schedule, loaded * devices),
        *assignment_settings(model, situation, schedule),
        *distillation_settings(model, situation, schedule, share),
        *tokenizer_settings(model, situation, network),
        *hook_settings(cfg, source, situation, network, schedule),
        Setting(
            'train_cfg.max_epochs',
            schedule.epochs,
            schedule.why_epochs,
            'epochs',
            '--epochs, --hours',
        ),
        *optimizer_settings(
            cfg, recipe.images_per_step // per_anchor, schedule
        ),
        Setting('randomness.seed', 0),
    ]
    title = (
        f'Training of {recipe.method} for {situation.num_images:,} images, on '
        f'{situation.machine}. Written by pretrain_folder'
    )
    text = config_text(recipe.base, settings, cfg, title)
    if situation.on_gpu and _views_fit_device(text):
        settings.append(
            Setting(
                'views',
                'device',
                'workers only decode, the GPU makes the views (docs/views.md)',
                'views are made on',
            )
        )
        text = config_text(recipe.base, settings, cfg, title)
    epoch = schedule.steps_per_epoch * loaded * devices
    return Plan(recipe, settings, schedule, loaded, epoch, text)


def _images_per_anchor(cfg: Config) -> int:
    """Images of a step for every one that the loss tells apart."""
    sampler = cfg.train_dataloader.sampler
    if sampler.type != 'hirl_mm.NeighborPairSampler':
        return 1
    return 1 + sampler.get('num_positives', 1)


def _views_fit_device(text: str) -> bool:
    cfg = Config.fromstring(text + "\nviews = 'device'\n", '.py')
    try:
        place_views(cfg)
    except ConfigError:
        return False
    return True
