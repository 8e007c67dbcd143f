import numpy as np
import pytest

from hirl_mm.evaluation.label_subsets import label_subset, subset_from_list


def uneven_labels():
    labels = np.repeat([0, 3, 5, 6], [200, 40, 3, 1])
    return np.random.default_rng(0).permutation(labels)


@pytest.mark.parametrize(
    ('fraction', 'counts'),
    [
        (0.01, {0: 2, 3: 1, 5: 1, 6: 1}),
        (0.1, {0: 20, 3: 4, 5: 1, 6: 1}),
        (0.5, {0: 100, 3: 20, 5: 2, 6: 1}),
        (1, {0: 200, 3: 40, 5: 3, 6: 1}),
    ],
)
def test_takes_a_share_of_every_class(fraction, counts):
    labels = uneven_labels()
    subset = label_subset(labels, fraction)
    assert subset.dtype == np.int64
    assert (np.diff(subset) > 0).all()
    found, number = np.unique(labels[subset], return_counts=True)
    assert dict(zip(found.tolist(), number.tolist(), strict=True)) == counts


def test_subsets_are_nested_and_follow_the_seed():
    labels = uneven_labels()
    few, more = (set(label_subset(labels, f, 4)) for f in (0.02, 0.1))
    assert few < more
    assert set(label_subset(labels, 0.1, 4)) == more
    assert set(label_subset(labels, 0.1, 5)) != more


def test_every_sample_is_as_likely():
    labels = np.arange(60) % 3
    counts = np.zeros(60)
    for seed in range(300):
        counts[label_subset(labels, 0.2, seed)] += 1
    assert counts.sum() == 300 * 12
    assert counts.min() > 30 and counts.max() < 90


@pytest.mark.parametrize(
    ('labels', 'fraction', 'match'),
    [
        ([0, 1], 0, r'fraction must lie in \(0, 1\], got 0;'),
        ([0, 1], 10, 'got 10; 1 % is 0.01'),
        ([0, 1], float('nan'), 'got nan'),
        ([0.0, 1.0], 0.5, r'integers, got shape \(2,\) of float64'),
        ([], 0.5, r'one or more integers, got shape \(0,\)'),
        ([[0, 1]], 0.5, r'got shape \(1, 2\)'),
    ],
)
def test_label_subset_rejects(labels, fraction, match):
    with pytest.raises(ValueError, match=match):
        label_subset(labels, fraction)


PATHS = [
    '/data/train/cat/a.png',
    '/data/train/cat/b c.png',
    '/data/train/dog/d.png',
    '/data/train/dog/a.png',
    '/data/train/dog/xa.png',
    '/data/train/dog/7',
]
LABELS = [0, 0, 1, 1, 1, 1]


def subset(tmp_path, text, class_names=('cat', 'dog')):
    file = tmp_path / 'few.txt'
    file.write_text(text)
    return subset_from_list(file, PATHS, LABELS, class_names).tolist()


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('d.png\nb c.png\n', [1, 2]),
        ('dog/a.png\n\n  cat/a.png  \nxa.png', [0, 3, 4]),
        ('dog/a.png  1\ncat/b c.png\t0\n', [1, 3]),
        ('7\nb c.png', [1, 5]),
        ('train/dog/a.png\n./cat/a.png 0', [0, 3]),
        ('/data/train/cat/a.png\r\n/data/train/dog/d.png\r\n', [0, 2]),
    ],
)
def test_list_of_names(tmp_path, text, expected):
    assert subset(tmp_path, text) == expected


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        (
            ''.join(f'cat/{i}.png\n' for i in range(7)) + 'd.png',
            r'few\.txt: 7 entries are not in the data set, the first: '
            r'cat/0\.png; .*cat/4\.png\. Please write them',
        ),
        ('at/a.png\nd.png', r'1 entries are not in the .*: at/a\.png\.'),
        ('a.png\nd.png', r'1 entries fit several images .*: a\.png\. .*fold'),
        (
            'd.png\nb c.png\ndog/d.png',
            r'1 images are listed more than once, .*/data/train/dog/d\.png\.',
        ),
        ('d.png\nxa.png', r'few\.txt: 1 classes .* no sample .*: cat\. Pl'),
        ('', r'2 classes of the data set have no sample .*: cat; dog\.'),
        (
            'dog/a.png 0\nb c.png 0',
            r'1 entries have another label .*: dog/a\.png 0, the class is 1\.',
        ),
    ],
)
def test_list_rejects(tmp_path, text, match):
    with pytest.raises(ValueError, match=match):
        subset(tmp_path, text)


def test_classes_without_names_are_told_by_number(tmp_path):
    with pytest.raises(ValueError, match='no sample in the list, .*: 1'):
        subset(tmp_path, 'b c.png', class_names=None)


def test_list_in_another_encoding(tmp_path):
    (tmp_path / 'few.txt').write_bytes(b'\xff')
    with pytest.raises(ValueError, match=r'few\.txt is not UTF-8: .* Convert'):
        subset_from_list(tmp_path / 'few.txt', PATHS, LABELS)


def test_missing_list(tmp_path):
    with pytest.raises(FileNotFoundError, match='no list of samples at .*x'):
        subset_from_list(tmp_path / 'x.txt', PATHS, LABELS)
