from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner

from hirl_mm.registry import scope_of
from hirl_mm.visualization.titled_halves import title_halves


def draw_predictions(cfg: Config, folder: Path) -> None:
    """Change a config so that a test draws the prediction of every image.

    Args:
        cfg: Config of a detector, a segmentor or a classifier, changed in
            place.
        folder: Folder of the pictures. The pictures of a segmentor are in its
            subfolder ``vis_data/vis_image``.

    Raises:
        ValueError: If the config's scope is not mmdet, mmseg or mmpretrain.
    """
    place = str(folder.resolve())
    scope = scope_of(cfg)
    if scope == 'mmdet':
        hook = dict(
            type='mmdet.DetVisualizationHook', test_out_dir=place, draw=True
        )
    elif scope == 'mmseg':
        hook = dict(type='mmseg.SegVisualizationHook', draw=True, interval=1)
        cfg.visualizer = dict(
            type='mmseg.SegLocalVisualizer',
            vis_backends=[dict(type='LocalVisBackend')],
            save_dir=place,
        )
    elif scope == 'mmpretrain':
        hook = dict(
            type='mmpretrain.VisualizationHook',
            out_dir=place,
            enable=True,
            interval=1,
        )
    else:
        raise ValueError(
            f'predictions can be drawn where default_scope is mmdet, mmseg '
            f'or mmpretrain, not {scope}'
        )
    cfg.default_hooks = dict(
        cfg.get('default_hooks') or {}, visualization=hook
    )


def title_predictions(runner: Runner, folder: Path) -> None:
    """Write what the halves of a detector's pictures show above them.

    Args:
        runner: Runner after a test with :func:`draw_predictions`.
        folder: Folder of the pictures. Those of segmentors and classifiers
            stay as they are.
    """
    if scope_of(runner.cfg) != 'mmdet':
        return
    dataset = runner.test_dataloader.dataset
    paths = (dataset.get_data_info(i)['img_path'] for i in range(len(dataset)))
    files = (folder / Path(path).name for path in paths)
    drawn = (file for file in files if file.is_file())
    title_halves(drawn, 'ground truth', 'detections')
