import pytest
from mmengine.registry import init_default_scope

from hirl_mm.engine.features.labelled_data import paths_of
from hirl_mm.registry import DATASETS

NUM = 40


def part(digits, num_held_out, **options):
    init_default_scope('mmpretrain')
    return DATASETS.build(
        dict(
            type='hirl_mm.HeldOutSplit',
            dataset=dict(
                type='CustomDataset',
                data_root=str(digits),
                data_prefix='train',
                indices=NUM,
            ),
            num_held_out=num_held_out,
            **options,
        )
    )


@pytest.mark.parametrize('num_held_out', [1, 7, NUM - 1])
def test_parts_make_the_whole(num_held_out, digits):
    rest, held_out = (
        part(digits, num_held_out, held_out=held) for held in (False, True)
    )
    assert len(held_out) == num_held_out
    whole = sorted(digits.glob('train/*/*'))[:NUM]
    assert sorted(paths_of(rest) + paths_of(held_out)) == list(map(str, whole))
    for dataset in (rest, held_out):
        assert paths_of(dataset) == sorted(paths_of(dataset))
        indices = [
            dataset.get_data_info(i)['sample_idx'] for i in range(len(dataset))
        ]
        assert indices == list(range(len(dataset)))


def test_draws_are_of_the_seed(digits):
    first, same, other = (
        paths_of(part(digits, 9, held_out=True, seed=seed))
        for seed in (0, 0, 1)
    )
    assert first == same != other
    whole = sorted(digits.glob('train/*/*'))[:NUM]
    assert first != list(map(str, whole[:9]))


@pytest.mark.parametrize('num_held_out', [0, NUM, NUM + 1, -3])
def test_an_empty_part(num_held_out, digits):
    message = rf'{num_held_out} of 40 images cannot be held out.*up to 39'
    with pytest.raises(ValueError, match=message):
        part(digits, num_held_out)
