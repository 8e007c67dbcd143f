"""Names that are no UTF-8, or look like formulas, in every picture."""

import numpy as np
import pytest
import torch
from matplotlib.text import Text
from PIL import Image

from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.visualization import draw_embedding, draw_semantic_tree
from hirl_mm.visualization.difference_dots import (
    DifferenceRow,
    draw_difference_dots,
)
from hirl_mm.visualization.embedding_panels import (
    EmbeddingColumn,
    draw_embedding_panels,
)
from hirl_mm.visualization.epoch_bars import draw_epoch_bars
from hirl_mm.visualization.evaluation_plot import draw_results
from hirl_mm.visualization.neighbor_sheet import draw_neighbor_sheet
from hirl_mm.visualization.paired_dots import DotPanel, draw_paired_dots
from hirl_mm.visualization.prototype_sheet import (
    PrototypeRow,
    PrototypeSection,
    draw_prototype_sheet,
)
from hirl_mm.visualization.rate_curves import draw_rate_curves
from hirl_mm.visualization.subtree_picture import draw_subtree
from tests.trees import tree_of

NAME = 'caf\udce9 $x_$\0'
TREE = tree_of([0, 1, 2] * 3)
CLASSES = dict(labels=[0, 1, 0] * 3, class_names=[NAME, 'b'])


def grey(_):
    return Image.new('RGB', (9, 9))


def results(out):
    figures = {'kNN': {'k=3': 1.0}, 'kNN by level': {NAME: 20.0, 'y': 30.0}}
    first = ArmResults(NAME, 'recipe', figures)
    draw_results([first, ArmResults('b', 'recipe', figures)], out)


def panels(out):
    groups, names = {NAME: torch.arange(9) % 2}, {NAME: [NAME, 'b']}
    column = EmbeddingColumn(NAME, torch.randn(9, 2), groups, names)
    draw_embedding_panels([column], out, title=NAME)


def prototypes(out):
    row = PrototypeRow(NAME, NAME, [grey(0)], [True])
    section = PrototypeSection(NAME, NAME, [row])
    draw_prototype_sheet([section], out, title=NAME, note=NAME)


def differences(out):
    row = DifferenceRow(NAME, NAME, {NAME: [1, 2]}, {})
    draw_difference_dots([row], [NAME], out)


def pairs(out):
    panel = DotPanel(NAME, NAME, {(NAME, 'b'): ({0: 1.0}, {0: 2.0})})
    draw_paired_dots([[panel]], out)


DRAWINGS = dict(
    results=results,
    panels=panels,
    prototypes=prototypes,
    differences=differences,
    pairs=pairs,
    rates=lambda out: draw_rate_curves({NAME: [(0.1, 5, 1)]}, out, NAME, NAME),
    epochs=lambda out: draw_epoch_bars({NAME: {'a': 1.0}, 'b': {'a': 2}}, out),
    tree=lambda out: draw_semantic_tree(
        TREE, grey, out, **CLASSES, title=NAME
    ),
    subtree=lambda out: draw_subtree(
        TREE, grey, out, **CLASSES, level=0, node=0, title=NAME
    ),
    neighbors=lambda out: draw_neighbor_sheet(
        {1: np.array([[1], [0]])}, [0], out, grey, [0, 1], [NAME, 'b']
    ),
    embedding=lambda out: draw_embedding(
        torch.randn(20, 4), torch.arange(20) % 2, out, [NAME, 'b']
    ),
)


@pytest.mark.slow
@pytest.mark.parametrize('draw', DRAWINGS.values(), ids=DRAWINGS)
def test_every_picture_shows_them(draw, figures, tmp_path):
    draw(tmp_path / 'picture.png')
    texts = [text.get_text() for text in figures[-1].findobj(Text)]
    shown = [text for text in texts if 'caf' in text]
    assert shown
    for text in shown:
        assert 'caf\ufffd' in text and text.count('\ufffd') % 2 == 0
        assert '\udce9' not in text and '\0' not in text
