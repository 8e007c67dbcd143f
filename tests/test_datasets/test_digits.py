from collections import Counter

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from hirl_mm.datasets.toy import write_digits
from tests.image_folders import contents


def test_digits_split(digits):
    paths = [p.relative_to(digits) for p in digits.rglob('*.png')]
    assert Counter(p.parts[0] for p in paths) == {'train': 1500, 'val': 297}
    ids = [int(p.stem) for p in paths]
    assert sorted(ids) == list(range(1797))
    target = load_digits().target
    assert all(target[int(p.stem)] == int(p.parts[1]) for p in paths)
    val = np.bincount([int(p.parts[1]) for p in paths if p.parts[0] == 'val'])
    wanted = np.bincount(target) * 297 / 1797
    assert np.abs(val - wanted).max() < 1


def test_digits_are_those_of_scikit_learn(digits, tmp_path):
    wanted = load_digits().images * 255 / 16
    found = []
    for path in sorted(digits.rglob('*.png'))[::25]:
        image = Image.open(path)
        assert (image.mode, image.size) == ('RGB', (32, 32))
        small = image.convert('L').resize((8, 8), Image.Resampling.BOX)
        error = np.abs(np.array(small, dtype=float) - wanted).mean((1, 2))
        assert error[int(path.stem)] < 17  # of 255; enlarging smooths
        found.append(error.argmin() == int(path.stem))
    assert np.mean(found) > 0.98  # nearer to its own than to any other one

    unscaled = write_digits(tmp_path / 'digits', image_size=8)
    for path in sorted(unscaled.rglob('*.png'))[::25]:
        image = np.array(Image.open(path))
        assert np.abs(image - wanted[int(path.stem)][..., None]).max() <= 0.5


def test_digits_depend_on_the_seed_alone(digits, tmp_path):
    again = contents(write_digits(tmp_path / 'again'))
    assert again == contents(digits)
    other = contents(write_digits(tmp_path / 'other', seed=1, image_size=8))
    assert set(other) != set(again)


@pytest.mark.parametrize(
    ('arguments', 'match'),
    [
        ({'image_size': 7}, 'image_size must be an integer of at least 8'),
        ({'image_size': 32.5}, 'image_size must be an integer .* got 32.5'),
        ({'num_val': 9}, 'num_val must be an integer of at least 10, got 9'),
        ({'num_val': 1788}, 'num_val must leave .* at most 1787 .* got 1788'),
        ({'seed': -1}, 'seed must be an integer of at least 0, got -1'),
    ],
)
def test_digits_errors(tmp_path, arguments, match):
    with pytest.raises(ValueError, match=match):
        write_digits(tmp_path / 'digits', **arguments)
    assert not any(tmp_path.iterdir())
