"""Numbers that follow from a folder and a machine, against a table by hand."""

import pytest

from hirl_mm.machine import Machine
from hirl_mm.planning.choices.batch import choose_batch
from hirl_mm.planning.choices.data import num_workers
from hirl_mm.planning.choices.network import (
    choose_network,
    choose_size,
    patch_of,
)
from hirl_mm.planning.choices.prototypes import prototypes_per_level
from hirl_mm.planning.choices.schedule import choose_schedule
from hirl_mm.planning.choices.views import feature_pipeline
from tests.planned import CPU, GPU, situation


@pytest.mark.parametrize(
    ('num', 'levels'),
    [
        (32, (4,)),
        (300, (12, 4)),
        # The demo, and the paper.
        (1500, (60, 20, 10)),
        (6000, (240, 80, 10)),
        (60_000, (1400, 470, 47)),
        (1_281_167, (30_000, 10_000, 1000)),
    ],
)
def test_prototypes(num, levels):
    assert prototypes_per_level(num) == levels


@pytest.mark.parametrize('num', [*range(32, 2000, 61), 10**5, 10**7, 10**8])
def test_prototypes_of_any_number(num):
    """As k-means needs them: less from level to level, images for each."""
    levels = prototypes_per_level(num)
    assert list(levels) == sorted(set(levels), reverse=True)
    assert levels[-1] >= 2 and levels[0] <= num / 8


@pytest.mark.parametrize(
    ('short_side', 'machine', 'side'),
    [(28, CPU, 32), (28, GPU, 32), (500, CPU, 64), (500, GPU, 224)]
    + [(100, GPU, 96), (0, CPU, 32)],
)
def test_size_of_views(short_side, machine, side):
    given = situation(short_side=short_side, machine=machine)
    assert choose_size(given, None)[0] == side
    assert choose_size(given, 96) == (96, 'as you asked')
    with pytest.raises(ValueError, match='multiple of 32 pixels, got 50'):
        choose_size(given, 50)


@pytest.mark.parametrize(
    ('kind', 'num', 'machine', 'side', 'name'),
    [
        ('ResNet', 7000, CPU, 32, 'ResNet-18 of half the width'),
        ('ResNet', 7000, GPU, 224, 'ResNet-18'),
        ('ResNet', 10**6, GPU, 224, 'ResNet-50'),
        ('ResNet', 10**6, GPU, 32, 'ResNet-18'),
        ('ViT', 7000, CPU, 32, 'ViT, 6 layers of 128'),
        ('ViT', 7000, GPU, 224, 'ViT-S'),
        ('ViT', 10**6, GPU, 224, 'ViT-B'),
    ],
)
def test_networks(kind, num, machine, side, name):
    given = situation(num_images=num, machine=machine)
    network = choose_network(given, kind, side, 'why')
    assert network.name == name
    if kind == 'ViT':
        assert side % network.patch_size == 0
        assert network.config['arch']['embed_dims'] == network.width


def test_networks_of_full_width():
    half = choose_network(situation(), 'ResNet', 32, '')
    assert 'have the full width only [--full-width]' in half.why
    full = choose_network(situation(), 'ResNet', 32, '', full_width=True)
    assert (full.config, full.width) == (dict(depth=18), 512)
    large = situation(num_images=10**6, machine=GPU)
    asked = choose_network(large, 'ResNet', 224, '', full_width=True)
    assert asked == choose_network(large, 'ResNet', 224, '')
    with pytest.raises(ValueError, match='--full-width is for methods with'):
        choose_network(situation(), 'ViT', 32, '', full_width=True)


@pytest.mark.parametrize('side', range(32, 257, 32))
def test_a_transformer_sees_enough_patches(side):
    assert side // patch_of(side) >= 8
    assert side % patch_of(side) == 0


def test_batches():
    assert choose_batch(situation(), 'ResNet')[0] == 64
    many = situation(num_images=10**6, machine=GPU)
    assert choose_batch(many, 'ResNet')[0] == 256
    assert choose_batch(many, 'ViT')[0] == 64
    assert choose_batch(many, 'ResNet', at_most=100)[0] == 100
    two = Machine(16, 100, 2, 78, 'GPU')
    both = situation(num_images=10**6, machine=two)
    assert choose_batch(both, 'ResNet')[0] == 128
    # An epoch of few images has eight steps.
    assert choose_batch(situation(num_images=100), 'ResNet')[0] == 8
    assert choose_batch(situation(), 'ViT', 5) == (5, 'as you asked')
    with pytest.raises(ValueError, match='from 2 to the 7000 images'):
        choose_batch(situation(), 'ViT', 7001)


def test_schedules():
    def schedule(epochs=None, hours=None, seconds=None, **changes):
        return choose_schedule(
            situation(**changes), 64, epochs, hours, seconds
        )

    # 36 s per epoch: 100 epochs of an hour, and the tree from a tenth on.
    found = schedule(seconds=36.0)
    assert (found.epochs, found.start_epoch) == (100, 10)
    assert found.steps_per_epoch == 7000 // 64
    assert schedule(seconds=36.0, hours=0.5).epochs == 50
    assert schedule(seconds=36.0, machine=GPU).epochs == 400
    slow = schedule(seconds=3600.0)
    assert slow.epochs == 10 and '1 h hold 1, but fewer' in slow.why_epochs
    assert schedule(epochs=4).start_epoch == 2
    for epochs, start, why in (
        (4, 2, 'half of so short a training'),
        (60, 10, 'trees of less than 10 epochs are poor'),
        (200, 20, 'a tenth of the training'),
    ):
        found = schedule(epochs=epochs)
        assert (found.start_epoch, found.why_start) == (start, why)
    assert schedule(epochs=1).start_epoch == 0
    assert schedule(epochs=4).is_short
    assert not schedule(epochs=200, num_images=10**6).is_short
    with pytest.raises(ValueError, match='--epochs must be above 0, got 0'):
        schedule(epochs=0)
    with pytest.raises(ValueError, match='--hours must be above 0, got -1'):
        schedule(hours=-1)


def test_workers():
    assert num_workers(situation())[0] == 1
    assert num_workers(situation(machine=Machine(1, 4)))[0] == 0
    assert num_workers(situation(machine=GPU))[0] == 8


def test_features_of_small_images_are_not_cropped():
    network = choose_network(situation(), 'ResNet', 32, '')
    _, resize, crop, _ = feature_pipeline(situation(), network)
    assert resize['scale'] == crop['crop_size'] == 32
    large = situation(short_side=500, machine=GPU)
    network = choose_network(large, 'ResNet', 224, '')
    _, resize, crop, _ = feature_pipeline(large, network)
    assert (resize['scale'], crop['crop_size']) == (256, 224)
