from pathlib import Path

from mmengine.config import Config

from hirl_mm.registry import scope_of


def draw_predictions(cfg: Config, folder: Path) -> None:
    """Make a test write a picture of every image with its prediction.

    Args:
        cfg: Of a detector, a segmentation or a classifier, changed in place.
        folder: Where the pictures are written; those of a segmentation lie
            in ``vis_data/vis_image``.

    Raises:
        ValueError: If the config belongs to none of these.
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
