import shutil
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from hirl_mm.engine.evaluation.frozen_evaluation import (
    FrozenEvaluation,
    FrozenOptions,
)
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
)
from hirl_mm.engine.features.dataset_features import evaluation_config
from tests.colour_folders import write_colours
from tests.runs import ROOT, run, small_config

LINEAR = ROOT / 'configs/evaluation/demo/resnet18_1xb64-linear-10e_digits.py'


@dataclass(frozen=True)
class SoundInput:
    """Images, configs and a run of one epoch, which tests spoil copies of.

    ``data`` has 24 training images in three folders and 3 others. ``config``
    trains HIRL-MoCo v2 on them in three steps of 8 images, and ``run`` is the
    folder of that training. ``linear`` trains a classifier. ``features`` has
    the features of the images, as tools/evaluate.py stores them.
    """

    folder: Path

    @property
    def data(self):
        return self.folder / 'data'

    @property
    def config(self):
        return self.folder / 'config.py'

    @property
    def linear(self):
        return self.folder / 'linear.py'

    @property
    def features(self):
        return self.folder / 'evaluation'

    @property
    def run(self):
        return self.folder / 'run'

    @property
    def checkpoint(self):
        return self.run / 'epoch_1.pth'

    @property
    def tree(self):
        return self.run / 'prototype_trees/epoch_1.pth'


def furnish(folder):
    """Write the files, train, and return them."""
    sound = SoundInput(folder)
    write_colours(sound.data / 'train', num=8)
    write_colours(sound.data / 'val', num=1)
    cfg = small_config(sound.data, sound.run, epochs=1)
    cfg.train_dataloader.batch_size = 8
    cfg.train_dataloader.dataset.indices = None
    cfg.model.queue_len = 32
    kmeans = dict(num_prototypes=(6, 3, 2), start_epoch=0, num_restarts=1)
    cfg.default_hooks.kmeans.update(kmeans)
    for part in (cfg.knn_gallery, cfg.knn_queries):
        part.data_root = str(sound.data)
    run(cfg)
    for name in 'work_dir', 'experiment_name', 'launcher', 'log_level':
        cfg.pop(name)
    cfg.dump(sound.config)
    # A training by tools/train.py leaves its config there.
    shutil.copy(sound.config, sound.run)
    write_linear(sound)
    store_features(sound)
    return sound


def store_features(sound):
    cfg = evaluation_config(str(sound.config))
    file = str(sound.checkpoint)
    cache = FeatureCache(
        *(sound.features / 'features', feature_source(cfg, file, None)),
        *(False, False, 8, 0, None),
    )
    evaluation = FrozenEvaluation(cfg, FrozenOptions([3]), None)
    evaluation.store([cache], lambda: load_pretrained(cfg, file))


def write_linear(sound):
    cfg = Config.fromfile(LINEAR)
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.head.update(in_channels=64, num_classes=3, topk=(1,))
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.batch_size = 4
        loader.dataset.data_root = str(sound.data)
    cfg.val_evaluator.topk = (1,)
    cfg.dump(sound.linear)
