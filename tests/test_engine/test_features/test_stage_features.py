"""Features of stages: one pass, stores of their own, never mixed up."""

import numpy as np
import pytest
import torch
from PIL import Image

from hirl_mm.engine.evaluation.frozen_evaluation import (
    FrozenEvaluation,
    FrozenOptions,
)
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
    store_features,
)
from hirl_mm.engine.features.stage_features import stage_features
from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.features.store import FeatureStoreError, stored_facts
from tests.algorithms import build
from tests.built_images import build_images
from tests.colour_folders import write_colours
from tests.runs import small_config
from tests.trees import random_tree

STAGES = 2, 3, 4
DIMS = {2: 16, 3: 32, 4: 64}


@pytest.fixture(scope='module')
def colours(tmp_path_factory):
    root = tmp_path_factory.mktemp('colours')
    write_colours(root / 'train', num=5)
    write_colours(root / 'val', num=2)
    return root


@pytest.fixture
def cfg(colours, tmp_path):
    cfg = small_config(colours, tmp_path, hirl=False)
    for part in cfg.knn_gallery, cfg.knn_queries:
        part.data_root = str(colours)
    return cfg


class Counted:
    """A model that is loaded when asked for, and counts its images."""

    def __init__(self, cfg):
        self.cfg, self.loaded, self.images = cfg, 0, 0

    def __call__(self):
        self.loaded += 1
        model = load_pretrained(self.cfg, None)
        model.backbone.register_forward_hook(self.count)
        return model

    def count(self, backbone, args, output):
        self.images += len(args[0])


def caches(cfg, folder, stages=STAGES, **options):
    source = feature_source(cfg, None)
    return [
        FeatureCache(folder, source, num_workers=0, stage=stage, **options)
        for stage in stages
    ]


def store(cfg, of_stages, model):
    data = cfg.knn_gallery
    store_features(
        of_stages, model, build_images(data), 'train', data.pipeline
    )


def by_hand(model, colours):
    """Pooled maps of every stage, one image at a time."""
    found = {stage: [] for stage in STAGES}
    for path in sorted((colours / 'train').glob('*/*')):
        image = torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1)
        maps = (image[None].float() - 127.5) / 127.5
        net = model.backbone
        with torch.no_grad():
            maps = net.maxpool(net.relu(net.norm1(net.conv1(maps))))
            for stage in 1, 2, 3, 4:
                maps = getattr(net, f'layer{stage}')(maps)
                if stage in found:
                    found[stage].append(maps.flatten(2).mean(2)[0])
    return {stage: torch.stack(rows) for stage, rows in found.items()}


def test_one_pass_stores_every_stage(cfg, colours, tmp_path):
    model = Counted(cfg)
    of_stages = caches(cfg, tmp_path / 'features', batch_size=4)
    store(cfg, of_stages, model)
    assert (model.loaded, model.images) == (1, 15)
    expected = by_hand(load_pretrained(cfg, None), colours)
    dataset = build_images(cfg.knn_gallery)
    for cache in of_stages:
        found = cache.features(
            model, dataset, 'train', cfg.knn_gallery.pipeline
        )
        assert found.shape == (15, DIMS[cache.stage])
        torch.testing.assert_close(found, expected[cache.stage])
    assert model.loaded == 1


def test_only_missing_stages_are_extracted(cfg, tmp_path):
    first = caches(cfg, tmp_path, [3])
    store(cfg, first, Counted(cfg))
    file = first[0].store('train') / 'features.npy'
    before = file.stat().st_mtime_ns
    model = Counted(cfg)
    both = caches(cfg, tmp_path, [None, 3])
    store(cfg, both, model)
    assert (model.loaded, model.images) == (1, 15)
    assert file.stat().st_mtime_ns == before
    assert both[0].store('train') == tmp_path / 'train'


def test_features_of_one_stage_never_serve_another(cfg, tmp_path):
    second, third, whole = caches(cfg, tmp_path, [2, 3, None])
    store(cfg, [second], Counted(cfg))
    for other in third, whole:
        other.store('train').parent.mkdir(exist_ok=True)
        second.store('train').rename(other.store('train'))
        now = other.stage
        with pytest.raises(
            FeatureStoreError, match=rf'another stage .*stage: 2, now {now}\)'
        ):
            store(cfg, [other], Counted(cfg))
        other.store('train').rename(second.store('train'))


def test_default_store_knows_no_stage(cfg, tmp_path):
    """Stores of earlier versions stay valid."""
    (whole,) = caches(cfg, tmp_path, [None])
    store(cfg, [whole], Counted(cfg))
    assert set(stored_facts(tmp_path / 'train')) == {
        *('checkpoint', 'prefix', 'network', 'half'),
        *('num_samples', 'data', 'pipeline'),
    }


def test_missing_stage_is_found_before_the_first_image(cfg, tmp_path):
    root = write_colours(tmp_path / 'data/train').parent
    (root / 'train/a/0.png').write_text('no image')
    cfg.knn_gallery.data_root = str(root)
    with pytest.raises(ValueError, match=r'no stage 5: .*stages 1 to 4'):
        store(cfg, caches(cfg, tmp_path, [4, 5]), Counted(cfg))
    with pytest.raises(OSError, match='0.png'):
        store(cfg, caches(cfg, tmp_path, [4]), Counted(cfg))
    assert not list(tmp_path.rglob('*.bin'))


def test_transformers_have_no_stages():
    model = build('MoCoV3')
    with pytest.raises(ValueError, match='a MoCoV3ViT is not divided'):
        stage_features(model, [2])


def test_every_protocol_has_rows_per_stage(cfg, tmp_path):
    tree = random_tree([6, 3], 8, num_samples=15)
    evaluation = FrozenEvaluation(
        cfg, FrozenOptions((5,), ('100%',), num_prototypes=(6, 3)), tree
    )
    model, of_stages = Counted(cfg), caches(cfg, tmp_path / 'features')
    evaluation.store(of_stages, model)
    assert model.images == 15 + 6
    results = ArmResults('random', '')
    for cache in of_stages:
        evaluation.extract(cache, model)
        assert evaluation.data.train.shape == (15, DIMS[cache.stage])
        evaluation.run(results)
        evaluation.draw(tmp_path)
        assert (tmp_path / f'embedding_stage{cache.stage}.png').is_file()
    protocols = 'kNN', 'logistic', 'clustering', 'tree of the features'
    assert set(results.figures) == {
        f'{name} at stage {stage}' for name in protocols for stage in STAGES
    } | {'tree of the training'}
    assert results.figures['kNN at stage 4'] == {'k=5': 100, 'best k': 100}
