from pathlib import Path

from mmengine.config import Config

from hirl_mm.registry import scope_of


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
    folder = str(folder.resolve())
    scope = scope_of(cfg)
    if scope == 'mmdet':
        hook = dict(
            type='mmdet.DetVisualizationHook', test_out_dir=folder, draw=True
        )
    elif scope == 'mmseg':
        hook = dict(type='mmseg.SegVisualizationHook', draw=True, interval=1)
        cfg.visualizer = dict(
            type='mmseg.SegLocalVisualizer',
            vis_backends=[dict(type='LocalVisBackend')],
            save_dir=folder,
        )
    elif scope == 'mmpretrain':
        hook = dict(
            type='mmpretrain.VisualizationHook',
            out_dir=folder,
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
