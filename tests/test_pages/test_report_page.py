"""The page of a report from values made by hand."""

import math
import re

import pytest

from hirl_mm.pages.run_report import (
    Bars,
    Card,
    Chart,
    Curve,
    Folded,
    Note,
    Page,
    Picture,
    Section,
    Table,
    number,
    report_page,
)
from hirl_mm.pages.run_report.markup import element, escaped
from hirl_mm.pages.run_report.numbers import (
    grouped_means,
    spaced,
    thinned,
    ticks,
)
from tests.html_pages import PageReader

HOSTILE = (
    '"><script>alert(1)</script>\'&\n<img src=x onerror=y> 🌳 \u05d0\u202egnp '
    '\udcff\x00</style></title><!--'
)


def read(*parts, **page):
    """A page of one section, read."""
    page = dict(title='t', subtitle='s') | page
    return PageReader(
        report_page(Page(sections=[Section('S', parts)], **page))
    )


def paths(chart, style='line c0'):
    """Points of the curves of a chart, a list per piece without gaps."""
    found = read(chart).attributes
    drawn = [
        found[i - 1][2]
        for i, (tag, name, value) in enumerate(found)
        if (tag, name, value) == ('path', 'class', style)
    ]
    pieces = [p for path in drawn for p in path.split('M')]
    return [
        [tuple(map(float, point.split())) for point in piece.split('L')]
        for piece in pieces
        if piece and 'h' not in piece
    ]


def test_everything_is_on_the_page():
    page = read(
        Note('a note'),
        Chart('a chart', [Curve('one', {1: 2.0})]),
        Bars('bars', {'a': {'x': 3.0, 'y': 1.0}, 'b': {'x': 8.0}}, 's'),
        Table('a table', ['x', 'y'], [['k', '5']]),
        Picture('p.png', b'abc', 'image/png'),
        Folded('config', 'a = 1'),
        cards=[Card('kNN', '50 %', 'better', 'good')],
        notes=[Note('look', 'warning')],
        footer='the end',
    )
    page.assert_alone()
    for word in ('a note', 'a chart', 'config', 'a = 1', '50 %', 'the end'):
        assert word in page.text
    assert page.tables['a table'] == [['x', 'y'], ['k', '5']]
    assert page.tables['bars, s'] == [
        ['', 'x', 'y', 'total'],
        ['a', '3', '1', '4'],
        ['b', '8', '0', '8'],
    ]
    assert ('img', 'src', 'data:image/png;base64,YWJj') in page.attributes
    # the link at the top leads to the section
    links = [v for tag, name, v in page.attributes if name == 'href']
    ids = [v for tag, name, v in page.attributes if name == 'id']
    assert {link[1:] for link in links} <= set(ids)
    assert len(ids) == len(set(ids))


def test_hostile_names_are_text():
    page = read(
        Note(HOSTILE),
        Chart(HOSTILE, [Curve(HOSTILE, {1: 2.0})], HOSTILE, HOSTILE),
        Bars(HOSTILE, {HOSTILE: {HOSTILE: 3.0}}, HOSTILE),
        Table(HOSTILE, [HOSTILE], [[HOSTILE]]),
        Picture(HOSTILE, b'abc', 'image/png'),
        Folded(HOSTILE, HOSTILE),
        title=HOSTILE,
        subtitle=HOSTILE,
        cards=[Card(HOSTILE, HOSTILE, HOSTILE)],
        footer=HOSTILE,
    )
    page.assert_alone()
    # the only picture is the one that the page holds
    assert page.tags.count('img') == 1
    assert page.text.count('<script>alert(1)</script>') >= 10
    assert '\u202e' not in page.text and '\x00' not in page.text
    assert '<U+202E>' in page.text and '\ufffd\u2400' in page.text
    assert '🌳' in page.text and '\u05d0' in page.text


def test_the_page_is_text_of_any_bytes():
    report_page(Page(HOSTILE, HOSTILE, [])).encode('utf-8')
    assert escaped('ab\tc\nd é 日本') == 'ab\tc\nd é 日本'
    assert escaped('a\r\x1b') == 'a\u240d\u241b'
    # a joiner makes one emoji of several, and is no danger
    assert escaped('👩\u200d🔬') == '👩\u200d🔬'
    assert escaped('\u2066x') == '&lt;U+2066&gt;x'


def test_attributes_are_quoted():
    assert element('p', 'x', title='"<') == '<p title="&quot;&lt;">x</p>'
    assert element('p', class_=None) == '<p></p>'


def test_points_are_where_their_values_are():
    """By the rule of three, from the grid lines of the picture."""
    values = {0: 10.0, 1: 30.0, 2: 20.0, 4: 50.0}
    (points,) = paths(Chart('c', [Curve('', values)]))
    xs, ys = zip(*points, strict=True)
    for x, y, (place, value) in zip(xs, ys, values.items(), strict=True):
        share = place / 4
        assert x == pytest.approx(xs[0] + share * (xs[-1] - xs[0]), abs=0.1)
        share = (value - 10) / 40
        assert y == pytest.approx(ys[0] + share * (ys[-1] - ys[0]), abs=0.1)
    # y grows downwards, and all lies in the picture
    assert ys[0] > ys[2] > ys[1] > ys[3] > 0
    assert 0 < xs[0] < xs[-1] < 420 and ys[0] < 220


def test_numbers_at_the_axes_are_at_their_places():
    chart = Chart('c', [Curve('', {0: 0.0, 100: 80.0})], from_zero=True)
    page = report_page(Page('t', 's', [Section('S', [chart])]))
    texts = re.findall(
        r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="end">([\d.]+)<', page
    )
    places = {float(t): float(y) - 4 for _, y, t in texts}
    assert set(places) == {0, 20, 40, 60, 80}
    ((_, bottom), (_, top)) = paths(chart)[0]
    for value, y in places.items():
        assert y == pytest.approx(
            bottom + value / 80 * (top - bottom), abs=0.2
        )


def test_a_value_that_is_not_finite_is_a_gap():
    values = {0: 1.0, 1: 2.0, 2: math.nan, 3: 3.0, 4: math.inf, 5: 1.0}
    pieces = paths(Chart('c', [Curve('', values)]))
    assert [len(piece) for piece in pieces] == [2, 1, 1]
    page = read(Chart('c', [Curve('', values)]))
    assert [row[1] for row in page.tables['c']] == [
        *('c', '1', '2', 'nan', '3', 'inf', '1'),
    ]


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_nothing_finite_is_a_sentence(value):
    page = read(Chart('c', [Curve('', {1: value})]))
    assert 'No value is finite' in page.text
    assert page.tags.count('svg') == 0


@pytest.mark.parametrize('value', [0.0, 1e-30, -3.0, 1e12])
def test_a_single_point_is_drawn(value):
    ((point,),) = paths(Chart('c', [Curve('', {7: value})]))
    assert 56 < point[0] < 408 and 10 < point[1] < 182


def test_runs_have_their_own_styles_and_names():
    chart = Chart(
        'c',
        [Curve('plain', {1: 2.0}, 0), Curve('hirl', {1: 3.0, 2: 4.0}, 1)],
        'epoch',
        '%',
        ('initial weights', 1.0),
    )
    page = read(chart)
    assert ('path', 'class', 'line c1') in page.attributes
    assert 'initial weights: 1' in page.text
    assert page.tables['c'] == [
        ['epoch', 'plain', 'hirl'],
        ['1', '2', '3'],
        ['2', '-', '4'],
    ]
    described = [v for _, name, v in page.attributes if name == 'aria-label']
    assert any('hirl: from 3 at 1 to 4 at 2' in text for text in described)


def test_many_points_become_few():
    values = {i / 10: math.sin(i / 50) for i in range(20_000)}
    values[777.7] = 9.0
    text = report_page(
        Page('t', 's', [Section('S', [Chart('c', [Curve('', values)])])])
    )
    assert len(text) < 60_000
    page = PageReader(text)
    (table,) = page.tables.values()
    assert len(table) == 26
    assert (table[1][0], table[-1][0]) == ('0', '2,000')
    # the peak is still there, in the pale curve
    (pale,) = paths(Chart('c', [Curve('', values)]), 'all c0')
    assert min(y for _, y in pale) < 25


def test_thinned_keeps_extremes_and_ends():
    values = {i: float(i % 7) for i in range(1000)}
    values |= {500: -5.0, 600: 99.0, 601: math.nan}
    kept = thinned(values, 60)
    assert len(kept) <= 60
    assert {500, 600, 0, 999} <= set(kept)
    assert list(kept) == sorted(kept)
    assert any(map(math.isnan, kept.values()))
    assert thinned({1: 2.0}, 60) == {1: 2.0}


def test_means_of_groups():
    values = {i: float(i**2) for i in range(100)}
    means = grouped_means(values, 10)
    assert means[4.5] == sum(i**2 for i in range(10)) / 10
    assert len(means) == 10
    values[5] = math.nan
    assert math.isnan(grouped_means(values, 10)[4.5])


@pytest.mark.parametrize('low', [0, -3.7, 1e-7, 1234.5])
@pytest.mark.parametrize('span', [1e-6, 0.3, 1, 7.5, 99, 12345])
def test_ticks_are_round_and_inside(low, span):
    found = ticks(low, low + span)
    assert 2 <= len(found) <= 6
    assert all(low - 1e-9 * span <= t <= low + 1.001 * span for t in found)
    steps = {f'{b - a:.3g}' for a, b in zip(found, found[1:], strict=False)}
    assert len(steps) == 1
    digits = f'{float(steps.pop()):e}'.split('e')[0]
    assert float(digits) in (1, 2, 5)


def test_ticks_of_epochs_are_whole():
    assert ticks(1, 3, 6, whole=True) == [1, 2, 3]


def test_numbers_and_samples():
    assert [number(x) for x in (0, -1.5, 1234.5678, 99.999)] == [
        *('0', '-1.5', '1,235', '100'),
    ]
    assert spaced(range(100), 3) == [0, 50, 99]
