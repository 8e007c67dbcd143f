"""Pascal VOC's layout as the config reads it, on hand-made files."""

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from PIL import Image

from tests.runs import ROOT

pytest.importorskip('mmdet.models')

CONFIG = (
    ROOT / 'configs/detection/voc/faster-rcnn_resnet50-c4_8xb2-24k_voc0712.py'
)
OBJECT = """<object><name>{}</name><difficult>{}</difficult><bndbox>
<xmin>11</xmin><ymin>21</ymin><xmax>{}</xmax><ymax>{}</ymax>
</bndbox></object>"""


def write(root, year, **splits):
    """Images of 100 x 80 px with a small dog and a difficult cat."""
    folder = root / f'VOC{year}'
    for name in ('JPEGImages', 'Annotations', 'ImageSets/Main'):
        (folder / name).mkdir(parents=True)
    objects = OBJECT.format('dog', 0, 21, 36) + OBJECT.format('cat', 1, 90, 70)
    for split, names in splits.items():
        file = folder / f'ImageSets/Main/{split}.txt'
        file.write_text('\n'.join(names))
        for name in names:
            Image.new('RGB', (100, 80)).save(folder / f'JPEGImages/{name}.jpg')
            (folder / f'Annotations/{name}.xml').write_text(
                '<annotation><size><width>100</width><height>80</height>'
                f'</size>{objects}</annotation>'
            )


@pytest.fixture
def cfg(tmp_path):
    write(tmp_path, 2007, trainval=['a', 'b'], test=['c'])
    write(tmp_path, 2012, trainval=['d', 'e', 'f'])
    cfg = Config.fromfile(CONFIG)
    for part in cfg.train_dataloader.dataset.datasets:
        part.data_root = f'{tmp_path}/'
    cfg.val_dataloader.dataset.data_root = f'{tmp_path}/'
    for loader in cfg.train_dataloader, cfg.val_dataloader:
        loader.update(num_workers=0, persistent_workers=False)
    init_default_scope('mmdet')
    return cfg


def test_both_years_are_trained_on(cfg):
    loader = Runner.build_dataloader(cfg.train_dataloader)
    paths = [loader.dataset.get_data_info(i)['img_path'] for i in range(5)]
    names = [path.split('/')[-1] for path in paths]
    assert names == ['a.jpg', 'b.jpg', 'd.jpg', 'e.jpg', 'f.jpg']
    assert len({path.split('/')[-3] for path in paths}) == 2
    assert loader.dataset.metainfo['classes'][11] == 'dog'
    batch = next(iter(loader))
    assert len(batch['inputs']) == 2
    for image, sample in zip(*batch.values(), strict=True):
        assert image.shape[1] >= 480 and image.shape[1] % 32 == 0
        # The dog has 10 x 15 px; the cat is difficult and not learned.
        assert sample.gt_instances.labels.tolist() == [11]
        assert sample.ignored_instances.labels.tolist() == [7]


def test_2007_is_evaluated(cfg):
    loader = Runner.build_dataloader(cfg.val_dataloader)
    assert loader.dataset.metainfo['dataset_type'] == 'VOC2007'
    (batch,) = list(loader)
    (sample,) = batch['data_samples']
    assert batch['inputs'][0].shape == (3, 800, 1000)
    box = sample.gt_instances.bboxes.tensor[0].tolist()
    assert box == [10, 20, 20, 35]  # in the image as it was
