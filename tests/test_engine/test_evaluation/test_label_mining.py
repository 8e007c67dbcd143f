"""Which images are labelled, and that true labels win."""

import os
from copy import deepcopy

import pytest
import torch
from mmengine.config import Config
from torch import nn

from hirl_mm.datasets.converters.annotations import write_annotations
from hirl_mm.datasets.converters.mined_annotations import with_mined
from hirl_mm.engine.evaluation.label_mining import mine_labels, plan_mining
from hirl_mm.engine.evaluation.trained_classifier import load_classifier
from hirl_mm.engine.features.feature_pass import FeaturePassError
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.registry import MODELS, enter_scope
from tests.colour_folders import COLOURS, write_colours
from tests.processes import run_processes
from tests.runs import ROOT

FOLDER = ROOT / 'configs/evaluation/demo'
CONFIG = FOLDER / 'resnet18_1xb16-finetune-20e_digits-1pct.py'
# Labels that no order of folders gives.
LABELS = dict(a=2, b=0, c=1)
LIST = [('c/1.png', 1), ('a/0.png', 2), ('b/2.png', 0)]


@pytest.fixture
def cfg(tmp_path):
    """Three classes of four images; one of each has a label."""
    write_colours(tmp_path / 'train')
    write_colours(tmp_path / 'val', num=2)
    write_annotations(tmp_path / 'few.txt', LIST)
    cfg = Config.fromfile(CONFIG)
    for loader in cfg.train_dataloader, cfg.val_dataloader:
        loader.dataset.data_root = str(tmp_path)
    cfg.train_dataloader.dataset.update(ann_file='few.txt', num_classes=3)
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.head.update(in_channels=64, num_classes=3)
    cfg.data_preprocessor.num_classes = 3
    return cfg


class Colours(nn.Module):
    """A classifier that knows the colours."""

    def __init__(self, preprocessor, num_classes=3):
        super().__init__()
        self.data_preprocessor = preprocessor
        self.head = nn.Module()
        self.head.num_classes = num_classes

    def forward(self, images):
        colours = torch.tensor([COLOURS[name] for name in 'bca'])
        mean = images.mean(dim=(2, 3)) * 127.5 + 127.5
        return -0.02 * torch.cdist(mean, colours.float())


def classifier(cfg, **options):
    return Colours(untrained(cfg).data_preprocessor, **options)


def untrained(cfg):
    enter_scope(cfg)
    return MODELS.build(with_data_preprocessor(cfg))


def test_all_images_without_a_label(cfg, tmp_path):
    plan = plan_mining(cfg)
    assert plan.labelled == LIST
    files = {f'{name}/{i}.png' for name in 'abc' for i in range(4)}
    assert plan.paths == sorted(files - {path for path, _ in LIST})
    assert (plan.num_classes, plan.num_validation) == (3, 0)
    assert plan.list_file == str(tmp_path / 'few.txt')
    shown = [plan.images.name(idx) for idx in range(len(plan.images))]
    assert shown == [f'{tmp_path}/train/{path}' for path in plan.paths]


def test_labels_are_those_of_the_colours(cfg):
    plan = plan_mining(cfg)
    paths, found = mine_labels(classifier(cfg), plan, 1.0, 4, 0)
    assert paths == plan.paths and found.kept.all()
    assert found.labels.tolist() == [LABELS[path[0]] for path in paths]
    most = float(found.entropy.median())
    _, half = mine_labels(classifier(cfg), plan, most, 4, 0)
    assert half.kept.tolist() == (found.entropy <= most).tolist()
    assert not half.kept.all()


def in_process(rank, cfg, expected):
    paths, found = mine_labels(classifier(cfg), plan_mining(cfg), 1.0, 2, 0)
    assert paths == expected[0]
    for one, other in zip(found, expected[1], strict=True):
        torch.testing.assert_close(one, other)


def test_two_processes_find_the_same(cfg):
    """Nine images, so that one process has more of them."""
    found = mine_labels(classifier(cfg), plan_mining(cfg), 1.0, 4, 0)
    run_processes(in_process, 2, cfg, found)


@pytest.mark.parametrize('linked', [False, True])
def test_validation_never_gets_in(linked, cfg, tmp_path):
    """Data sets whose splits are lists of one folder, or links to it."""
    folder = 'train'
    if linked:
        os.symlink(tmp_path / 'train', tmp_path / 'same')
        folder = 'same'
    held_out = [('a/1.png', 2), ('b/1.png', 0), ('c/2.png', 1)]
    write_annotations(tmp_path / 'val.txt', held_out)
    cfg.val_dataloader.dataset = dict(
        cfg.train_dataloader.dataset,
        ann_file='val.txt',
        data_prefix=folder,
        pipeline=cfg.val_dataloader.dataset.pipeline,
    )
    cfg.test_dataloader = deepcopy(cfg.val_dataloader)
    cfg.test_dataloader.dataset.ann_file = 'test.txt'
    write_annotations(
        tmp_path / 'test.txt', [('a/2.png', 2), ('b/0.png', 0), ('c/0.png', 1)]
    )
    plan = plan_mining(cfg)
    assert plan.paths == ['a/3.png', 'b/3.png', 'c/3.png']
    assert plan.num_validation == 6


def test_other_ways_to_write_a_path(cfg, tmp_path):
    lines = [
        *('./a/0.png 2', 'b/../b/2.png 0', f'{tmp_path}/train/c/1.png 1'),
    ]
    (tmp_path / 'few.txt').write_text('\n'.join(lines))
    paths = plan_mining(cfg).paths
    assert len(paths) == 9
    assert not {'a/0.png', 'b/2.png', 'c/1.png'} & set(paths)


def test_unreadable_images_are_left_out(cfg, tmp_path):
    (tmp_path / 'train/a/2.png').write_text('no image')
    plan = plan_mining(cfg)
    with pytest.raises(OSError, match='a/2.png'):
        mine_labels(classifier(cfg), plan, 1.0, 4, 0)
    load = cfg.val_dataloader.dataset.pipeline[0]
    load.ignore_empty = True
    paths, found = mine_labels(classifier(cfg), plan_mining(cfg), 1.0, 4, 0)
    assert 'a/2.png' not in paths and len(paths) == 8
    assert found.labels.tolist() == [LABELS[path[0]] for path in paths]


def test_diverged_classifier_is_named(cfg):
    plan, model = plan_mining(cfg), classifier(cfg)
    model.register_forward_hook(lambda *args: args[2] * float('nan'))
    with pytest.raises(FeaturePassError, match='unlabelled images: .*a/1.png'):
        mine_labels(model, plan, 1.0, 4, 0)


def test_nothing_to_label(cfg, tmp_path):
    entries = [
        (f'{name}/{i}.png', LABELS[name]) for name in 'abc' for i in range(4)
    ]
    write_annotations(tmp_path / 'few.txt', entries)
    with pytest.raises(ValueError, match='all 12 images in .*few.txt'):
        plan_mining(cfg)


def test_training_without_a_list(cfg):
    cfg.train_dataloader.dataset.type = 'hirl_mm.FolderImages'
    with pytest.raises(ValueError, match=r'FolderImages: labels are mined'):
        plan_mining(cfg)


def test_other_number_of_classes(cfg):
    with pytest.raises(ValueError, match='4 classes, but .*few.txt has 3'):
        mine_labels(classifier(cfg, num_classes=4), plan_mining(cfg))


def test_true_labels_win():
    labelled = [('b', 1), ('a', 0)]
    mined = [('c', 2), ('a', 1), ('d', 0)]
    assert with_mined(labelled, mined) == [*labelled, ('c', 2), ('d', 0)]
    with pytest.raises(ValueError, match='c has several pseudo-labels'):
        with_mined(labelled, [*mined, ('c', 1)])


def test_classifier_is_loaded_whole(cfg, tmp_path):
    source = untrained(cfg)
    with torch.no_grad():
        source.head.fc.weight.normal_()
    file = tmp_path / 'a.pth'
    torch.save(dict(state_dict=source.state_dict()), file)
    model = load_classifier(cfg, str(file))
    assert not model.training
    for key, value in source.state_dict().items():
        assert torch.equal(model.state_dict()[key].cpu(), value), key
    state = source.state_dict()
    del state['head.fc.weight']
    torch.save(dict(state_dict=state), file)
    with pytest.raises(ValueError, match='head.fc.weight.*fine-tuning its'):
        load_classifier(cfg, str(file))


def test_no_classifier(cfg, tmp_path):
    cfg = Config.fromfile(
        ROOT / 'configs/demo/mocov2_resnet18_1xb64-20e_digits.py'
    )
    with pytest.raises(ValueError, match='trains a MoCo, which is no class'):
        load_classifier(cfg, 'any.pth')
