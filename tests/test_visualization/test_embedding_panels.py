"""Features in the plane, by class and by prototype."""

import importlib.util
from xml.etree import ElementTree

import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from hirl_mm.visualization import EmbeddingColumn, draw_embedding_panels
from hirl_mm.visualization.class_palette import ClassPalette
from hirl_mm.visualization.projection import project

HAS_UMAP = importlib.util.find_spec('umap') is not None


def groups_of_rows():
    """Two groups of 20 rows, far from each other."""
    noise = 0.1 * torch.randn(40, 8)
    centres = torch.eye(8)[[0, 1]].repeat_interleave(20, 0)
    return centres + noise


METHODS = [
    'tsne',
    pytest.param(
        'umap', marks=pytest.mark.skipif(not HAS_UMAP, reason='umap')
    ),
]


@pytest.mark.parametrize('method', METHODS)
def test_groups_stay_apart(method):
    points = project(groups_of_rows(), method)
    assert points.shape == (40, 2)
    distances = torch.cdist(points, points)
    distances.fill_diagonal_(torch.inf)
    nearest = distances.argmin(1)
    assert torch.equal(nearest // 20, torch.arange(40) // 20)


def test_only_directions_and_the_seed_count():
    rows = groups_of_rows()
    points = project(rows)
    lengths = 2.0 ** torch.randint(-3, 4, (40, 1))
    torch.testing.assert_close(project(rows * lengths), points)
    torch.testing.assert_close(project(rows), points, rtol=0, atol=0)


@pytest.mark.parametrize(
    ('num', 'method', 'message'),
    [(3, 'tsne', 'at least 4 images, got 3'), (9, 'x', 'one of')],
)
def test_what_cannot_be_projected(num, method, message):
    with pytest.raises(ValueError, match=message):
        project(torch.randn(num, 4), method)


@pytest.mark.skipif(HAS_UMAP, reason='umap-learn is installed')
def test_umap_names_its_package():
    with pytest.raises(ValueError, match='pip install umap-learn'):
        project(torch.randn(9, 4), 'umap')


@pytest.fixture
def figure(monkeypatch):
    figures, save = [], Figure.savefig

    def keep(one, *args, **kwargs):
        save(one, *args, **kwargs)
        figures.append(one)

    monkeypatch.setattr(Figure, 'savefig', keep)
    return figures


def column(name, names=('cat', 'dog'), **groups):
    points = torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    groups = {
        key.replace('_', ' '): torch.tensor(value)
        for key, value in groups.items()
    }
    named = {'by class': names} if 'by class' in groups else {}
    return EmbeddingColumn(name, points, groups, named)


def test_points_have_the_color_of_their_group(figure, tmp_path):
    one = column('run', by_class=[0, 1, -1, 0])
    draw_embedding_panels([one], tmp_path / 'a.png', title='t $x')
    grey, known, *legend = figure[0].axes[0].collections
    assert grey.get_offsets().tolist() == [[0, 1]]
    assert known.get_offsets().tolist() == [[0, 0], [1, 0], [1, 1]]
    palette = ClassPalette(torch.tensor([0, 1]).numpy(), ['cat', 'dog'])
    assert [to_hex(color) for color in known.get_facecolors()] == [
        palette.color(label) for label in (0, 1, 0)
    ]
    assert [one.get_label() for one in legend] == ['cat', 'dog']


def test_networks_side_by_side(figure, tmp_path):
    """The first one has no tree."""
    columns = [
        column('plain', by_class=[0, 1, 1, 0]),
        column('hirl', by_class=[0, 1, 1, 0], level_0=[0, 1, 2, 3]),
    ]
    draw_embedding_panels(columns, tmp_path / 'a.png')
    titles = [axes.get_title() for axes in figure[0].axes]
    assert titles == ['plain\nby class', 'hirl\nby class', '', 'hirl\nlevel 0']
    assert not figure[0].axes[2].axison
    assert (tmp_path / 'a.png').stat().st_size > 1000


def test_text_of_an_svg_is_text(tmp_path):
    one = column('<b> run', ['a\x00\nb', '$'], by_class=[0, 1, 1, 0])
    draw_embedding_panels([one], tmp_path / 'a.svg')
    root = ElementTree.parse(tmp_path / 'a.svg').getroot()
    texts = ''.join(root.itertext())
    assert '<b> run' in texts and 'a\ufffd\ufffdb' in texts


def test_nothing_to_color_by(tmp_path):
    with pytest.raises(ValueError, match='neither classes nor a tree'):
        draw_embedding_panels([column('run')], tmp_path / 'a.png')
    with pytest.raises(ValueError, match='must end in one of'):
        draw_embedding_panels([column('run', g=[0] * 4)], tmp_path / 'a.x')
    assert not list(tmp_path.iterdir())
