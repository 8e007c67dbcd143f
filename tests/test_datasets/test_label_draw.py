"""Shares of the images of a multi-label data set."""

import json
from itertools import pairwise

import numpy as np
import pytest

from hirl_mm.datasets.converters.label_draw import draw_labelled
from hirl_mm.datasets.converters.multilabel_lists import (
    part_of_list,
    read_multilabel,
)
from tests.runs import ROOT
from tests.test_datasets.test_converter_tools import run

TOOL = ROOT / 'tools/dataset_converters/multilabel_subset.py'
NUM = 1000


@pytest.fixture(scope='module')
def labels():
    """A thousand images; classes of a half to a five-hundredth of them."""
    generator = np.random.default_rng(0)
    shares = np.geomspace(0.5, 0.002, 12)
    shown = generator.random((NUM, 12)) < shares
    shown[:2, -1] = True
    return [frozenset(np.flatnonzero(row).tolist()) for row in shown]


def naive_draw(labels, num, seed):
    """The images of the draw in order, those of new classes first."""
    order = np.random.default_rng(seed).permutation(len(labels))
    known, new, rest = set(), [], []
    for image in order:
        if labels[image] - known:
            new.append(image)
        else:
            rest.append(image)
        known |= labels[image]
    return sorted((new + rest)[:num])


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_smaller_shares_are_within_larger_ones(labels, seed):
    shares = [0.012, 0.05, 0.1, 0.5, 1]
    drawn = [draw_labelled(labels, share, seed) for share in shares]
    assert [len(d) for d in drawn] == [12, 50, 100, 500, NUM]
    for small, large in pairwise(drawn):
        assert set(small) < set(large) and small == sorted(set(small))
    for share, indices in zip(shares, drawn, strict=True):
        assert indices == naive_draw(labels, len(indices), seed)
        assert indices == draw_labelled(labels, share, seed)


def test_seeds_differ(labels):
    first, other = (draw_labelled(labels, 0.1, seed) for seed in (0, 1))
    # A tenth of the other hundred by chance.
    assert len({*first} & {*other}) < 35


@pytest.mark.parametrize('seed', range(5))
def test_every_class_has_an_image_if_there_is_room(labels, seed):
    drawn = draw_labelled(labels, 0.02, seed)
    assert frozenset().union(*(labels[i] for i in drawn)) == {*range(12)}
    # Twelve classes in ten images: as many as they have room for.
    few = draw_labelled(labels, 0.003, seed)
    assert len(few) == 3
    assert len(frozenset().union(*(labels[i] for i in few))) > 3


def test_a_share_with_every_class_is_drawn_at_random():
    labels = [frozenset({i % 2}) for i in range(100)]
    order = np.random.default_rng(7).permutation(100)
    assert draw_labelled(labels, 0.3, 7) == sorted(order[:30])


def test_never_more_than_the_share():
    labels = [frozenset()] * 82_783
    assert len(draw_labelled(labels, 0.01)) == 827
    assert len(draw_labelled(labels, 0.1)) == 8278
    # 0.29 * 100 is less than 29 in floating point.
    assert len(draw_labelled(labels[:100], 0.29)) == 29


@pytest.mark.parametrize('share', [0, -0.5, 1.01, 0.0009])
def test_share_out_of_range(labels, share):
    with pytest.raises(ValueError, match='of 1000 images: it must be at leas'):
        draw_labelled(labels, share)


def listed(path, data_list, **more):
    path.write_text(json.dumps(dict(data_list=data_list, **more)))
    return path


def entry(number, labels):
    return dict(img_path=f'{number}.jpg', gt_label=labels)


@pytest.fixture
def coco(tmp_path):
    images = [entry(i, [i % 3] if i % 4 else []) for i in range(40)]
    names = dict(classes=['person', 'car', 'dog'])
    path = tmp_path / 'multilabel_train2014.json'
    return listed(path, images, metainfo=names)


@pytest.fixture
def voc(tmp_path):
    """Every third image shows a dog, every second one a difficult cat."""
    (tmp_path / 'Annotations').mkdir()
    names = [f'{i:06d}' for i in range(30)]
    for i, name in enumerate(names):
        objects = '<object><name>dog</name></object>' * (i % 3 == 0)
        objects += (
            '<object><name>cat</name><difficult>1</difficult></object>'
            * (i % 2 == 0)
        )
        path = tmp_path / f'Annotations/{name}.xml'
        path.write_text(f'<annotation>{objects}</annotation>')
    path = tmp_path / 'ImageSets/Main/trainval.txt'
    path.parent.mkdir(parents=True)
    path.write_text('\r\n'.join(names) + '\n\n')
    return path


def test_lists_of_coco(coco):
    labels = read_multilabel(coco)
    assert labels[:5] == [*map(frozenset, ([], [1], [2], [0], []))]
    part = json.loads(part_of_list(coco, [2, 0]))
    assert part['metainfo'] == dict(classes=['person', 'car', 'dog'])
    assert part['data_list'] == [entry(2, [2]), entry(0, [])]


def test_lists_of_voc(voc):
    labels = read_multilabel(voc)
    assert len(labels) == 30
    assert labels[:4] == [*map(frozenset, (['dog'], [], [], ['dog']))]
    assert part_of_list(voc, [2, 0]) == '000002\n000000\n'


@pytest.mark.parametrize(
    ('content', 'match'),
    [
        ('[1, 2', 'a.json is not a JSON file'),
        ('{"images": [], "annotations": []}', 'no metainfo.*coco_multilabel'),
        ('[1]', 'no metainfo and data_list of images'),
        ('{"data_list": []}', 'no metainfo and data_list of images'),
        ('{"metainfo": {}, "data_list": 3}', 'no metainfo and data_list'),
        ('{"metainfo": {}, "data_list": []}', 'a.json lists no images'),
        (
            '{"metainfo": {}, "data_list": [{"gt_label": 3}]}',
            'has the entry .*3.*needs a list gt_label',
        ),
        ('{"metainfo": {}, "data_list": ["b.jpg"]}', 'has the entry "b.jpg"'),
    ],
)
def test_other_formats(tmp_path, content, match):
    path = tmp_path / 'a.json'
    with pytest.raises(FileNotFoundError, match=r'no list of images .*a\.j'):
        read_multilabel(path)
    path.write_text(content)
    with pytest.raises(ValueError, match=match):
        read_multilabel(path)


def test_other_lists_of_voc(voc):
    (voc.parents[2] / 'Annotations/000007.xml').unlink()
    with pytest.raises(FileNotFoundError, match='no annotation .*000007.xml'):
        read_multilabel(voc)
    voc.write_text('000001  1\n000002 -1\n')
    with pytest.raises(ValueError, match='line .000001  1.*give trainval.txt'):
        read_multilabel(voc)


@pytest.mark.slow
def test_tool(coco, voc):
    for path, percent, line in (
        (coco, 10, '4 of 40 images, 3 of 3 classes'),
        (voc, 12.5, '3 of 30 images, 1 of 1 classes'),
    ):
        out = path.with_name(f'{path.stem}-{percent}pct{path.suffix}')
        done = run(TOOL, path, '--percent', percent)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f'{out}: {line}\n'
        labels = read_multilabel(path)
        drawn = draw_labelled(labels, percent / 100)
        assert read_multilabel(out) == [labels[i] for i in drawn]
    before = out.read_text()
    failed = run(TOOL, voc, '--percent', 0.1)
    assert failed.returncode == 1 and failed.stderr.count('\n') == 1
    assert failed.stderr.startswith('error: a share of 0.001 is 0 of 30')
    assert out.read_text() == before
