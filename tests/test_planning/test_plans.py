"""Plans of every method: configs that MMEngine reads, builds and trains."""

import math
from dataclasses import replace

import pytest
import torch
from mmengine.config import Config

from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.engine.runtime.device_views import place_views
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.planning import trial
from hirl_mm.planning.folder_run import (
    UnreadableImagesError,
    planned_config,
    situation_of,
    tried_plan,
    write_plan,
)
from hirl_mm.planning.image_source import image_source
from hirl_mm.planning.plan import Wishes, plan_training
from hirl_mm.planning.recipes import CONFIGS, recipes
from hirl_mm.planning.summary import plan_lines, survey_lines, total_seconds
from hirl_mm.planning.survey import survey_images
from hirl_mm.planning.trial import Trial, try_training
from hirl_mm.registry import MODELS, enter_scope
from tests.planned import CPU, GPU, draw, situation

METHODS = list(recipes())
SMALL = Wishes(epochs=4, batch_size=4, image_size=32)


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """Forty images of two classes."""
    root = tmp_path_factory.mktemp('plans') / 'images'
    for i in range(40):
        draw(root / f'class {i % 2}' / f'{i}.png', i)
    return image_source(root)


def planned(method, source, wishes=SMALL, **changes):
    given = dict(num_images=40, num_classes=2) | changes
    return plan_training(
        recipes()[method], source, situation(method, **given), wishes
    )


def test_methods_are_the_recipes():
    files = {file.name for file in (CONFIGS / 'hirl').glob('*.py')}
    assert {name.partition('_')[0] for name in files} == set(METHODS)
    assert {recipe.file.name for recipe in recipes().values()} <= files
    dino = recipes()['hirl-dino']
    assert (dino.images_per_step, dino.kind) == (1024, 'ViT')
    assert recipes()['hirl-swav'].images_per_step == 4096
    assert recipes()['hirl-beit'].kind == 'BEiT'


@pytest.mark.slow
@pytest.mark.parametrize('method', METHODS)
def test_a_few_steps_of_every_method(method, source, monkeypatch):
    """On the CPU: the time of the steps is measured, nothing is left."""
    monkeypatch.setattr(trial, '_STEPS', 1)
    monkeypatch.setattr(trial, '_SECONDS', 600.0)
    plan = planned(method, source)
    took = try_training(plan.config(), plan.images_per_step)
    assert 0 < took.seconds_per_image < 60 and took.num_steps == 3
    assert 0.1 < took.peak_memory < 50


@pytest.mark.slow
@pytest.mark.parametrize('method', METHODS)
def test_models_for_a_gpu(method, source):
    """They are built, and their views are made on the device."""
    plan = planned(
        method,
        source,
        Wishes(),
        num_images=1_281_167,
        short_side=400,
        machine=GPU,
        num_classes=2,
    )
    cfg = plan.config()
    assert cfg.views == 'device'
    place_views(cfg)
    enter_scope(cfg)
    if 'beit' in method:
        # The tokenizer is downloaded when it is built.
        cfg.model.target_generator = dict(type='DALL-E', n_hid=8)
    assert MODELS.build(with_data_preprocessor(cfg)) is not None


@pytest.mark.slow
def test_networks_of_full_width_are_exported(source, tmp_path):
    """To libraries that have no network of half the width."""
    for full in (True, False):
        plan = planned('hirl-mocov2', source, replace(SMALL, full_width=full))
        cfg = plan.config()
        enter_scope(cfg)
        model = MODELS.build(with_data_preprocessor(cfg))
        content = dict(state_dict=model.state_dict(), meta={})
        torch.save(content, tmp_path / f'{full}.pth')
    for to, name in (('timm', 'a.safetensors'), ('torchvision', 'a.pth')):
        exported = export_backbone(tmp_path / 'True.pth', to, tmp_path / name)
        assert 'resnet18' in exported.load
        with pytest.raises(ValueError, match='have no ResNet with these'):
            export_backbone(tmp_path / 'False.pth', to, tmp_path / name)


def test_full_width_is_not_that_of_initial_weights(source):
    wishes = replace(SMALL, full_width=True, init=object())
    with pytest.raises(ValueError, match='give --full-width or --init: a net'):
        planned('hirl-mocov2', source, wishes)


@pytest.mark.slow
@pytest.mark.parametrize('method', METHODS)
def test_a_long_training_has_the_rate_of_the_recipe(method, source):
    recipe = recipes()[method]
    plan = planned(
        method,
        source,
        Wishes(epochs=200, batch_size=128),
        num_images=10**6,
        machine=GPU,
    )
    old, new = recipe.config().optim_wrapper, plan.config().optim_wrapper
    assert new.optimizer.type == old.optimizer.type
    anchors = recipe.images_per_step // (2 if 'csml' in method else 1)
    rate = old.optimizer.lr * 128 / anchors
    assert math.isclose(new.optimizer.lr, rate, rel_tol=1e-2)


def test_schedules_are_stretched(source):
    cfg = planned('hirl-swav', source, Wishes(epochs=50)).config()
    warm_up, cosine = cfg.param_scheduler
    assert (warm_up.begin, warm_up.end) == (0, 2)
    assert (cosine.begin, cosine.end, cosine.T_max) == (2, 50, 48)
    # The end of the recipe is a thousandth of its rate.
    assert math.isclose(cosine.eta_min, cfg.optim_wrapper.optimizer.lr / 1000)
    # A warm-up without an epoch is left out.
    cfg = planned('hirl-swav', source, Wishes(epochs=4)).config()
    assert [entry.type for entry in cfg.param_scheduler] == [
        'CosineAnnealingLR'
    ]


def test_grey_images_have_no_changes_of_colour(source):
    text = planned('hirl-mocov2', source, is_grey=True).text
    assert 'brightness' in text and 'hue' not in text
    assert 'RandomGrayscale' not in text
    text = planned('hirl-mocov2', source).text
    assert 'hue=0.1' in text and 'RandomGrayscale' in text


def test_labels_only_measure(source):
    cfg = planned('hirl-mocov2', source).config()
    assert cfg.default_hooks.knn_probe.queries.num_held_out == 8
    assert cfg.train_dataloader.dataset.with_label
    bare = image_source(source.config['data_root'], labels=False)
    cfg = planned('hirl-mocov2', bare, num_classes=0).config()
    assert cfg.default_hooks.knn_probe is None and cfg.knn_gallery is None
    assert not cfg.train_dataloader.dataset.with_label


def test_broken_images_are_skipped_everywhere(source):
    cfg = planned('hirl-csml', source, skip_broken=True).config()
    hooks = cfg.default_hooks
    pipelines = [
        cfg.train_dataloader.dataset.pipeline,
        *(hooks[name].pipeline for name in ('kmeans', 'neighbors')),
        hooks.knn_probe.gallery.dataset.pipeline,
    ]
    for pipeline in pipelines:
        assert pipeline[0] == dict(type='hirl_mm.LoadImage', ignore_empty=True)
    assert 'ignore_empty' not in planned('hirl-csml', source).text


def test_too_few_images(source):
    with pytest.raises(ValueError, match='found 2 images that can be read'):
        planned('hirl-mocov2', source, num_images=2)


def survey_with_faults(tmp_path):
    draw(tmp_path / 'good.png', 0)
    (tmp_path / 'new\nline \x1b[31m.png').write_text('no image')
    source = image_source(tmp_path)
    return source, survey_images(source.paths, True)


def test_unreadable_images_are_refused_or_skipped(tmp_path):
    source, survey = survey_with_faults(tmp_path)
    recipe = recipes()['hirl-mocov2']
    with pytest.raises(UnreadableImagesError, match='1 of 2 images'):
        situation_of(recipe, source, survey, CPU, False)
    given = situation_of(recipe, source, survey, CPU, True)
    assert given.num_images == 1 and given.skip_broken
    lines = list(survey_lines(source, survey))
    assert all(line.isprintable() for line in lines)
    assert any('1 cannot be read' in line for line in lines)
    assert any('new\\nline \\x1b[31m.png:' in line for line in lines)


def test_a_plan_is_told_and_written(source, tmp_path):
    survey = survey_images(source.paths, True)
    plan = planned('hirl-mocov2', source)
    took = Trial(0.01, 1.5, 6)
    # 40 images, 4 epochs, two of them with a tree.
    assert math.isclose(total_seconds(plan, took), 0.4 * (4 + 0.25 * 2))
    lines = '\n'.join(plan_lines(plan, took, 'of 8 GiB'))
    assert 'prototypes per level: 4 - 10 images per prototype' in lines
    assert 'images per step and device: 4 - as you asked' in lines
    assert 'views: 32 pixels - as you asked [--image-size]' in lines
    assert '0.4 s per epoch' in lines and 'memory: 1.5 GiB of 8 GiB' in lines
    file = write_plan(plan, survey, took, tmp_path / 'run', SMALL)
    assert planned_config(tmp_path / 'run') == file
    assert Config.fromfile(file).train_cfg.max_epochs == 4
    # MMEngine will write the resolved config into the folder above.
    assert not list((tmp_path / 'run').glob('*.py'))
    with pytest.raises(FileNotFoundError, match='has no plan to resume'):
        planned_config(tmp_path)


def test_batches_that_do_not_fit_are_halved(source, monkeypatch):
    """The memory of a trial is what 40 MiB per image of a step need."""
    tried = []

    def pretended(text, images_per_step):
        tried.append(images_per_step)
        return Trial(0.01, 0.04 * images_per_step, 6)

    monkeypatch.setattr('hirl_mm.planning.folder_run.try_apart', pretended)
    recipe = recipes()['hirl-mocov2']
    given = situation(num_images=7000, num_classes=2)
    plan, _ = tried_plan(recipe, source, given, Wishes(), 1.0)
    assert tried == [64, 32, 16] and plan.images_per_step == 16
    assert 'more do not fit into the memory' in plan.text.lower()
    with pytest.raises(ValueError, match='64 images per step needs 2.6 GiB'):
        tried_plan(recipe, source, given, Wishes(batch_size=64), 1.0)
    with pytest.raises(ValueError, match='8 images per step'):
        tried_plan(recipe, source, given, Wishes(), 0.1)
