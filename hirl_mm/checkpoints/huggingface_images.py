"""How images are prepared for a network, for Hugging Face."""

from collections.abc import Mapping, Sequence

from hirl_mm.registry import type_name

from .pixels import LEVELS

# Numbers of Pillow's filters.
_FILTERS = dict(nearest=0, lanczos=1, bilinear=2, bicubic=3, box=4, hamming=5)


def image_processor(pixels: Mapping, cfg: Mapping) -> dict | None:
    """Return the ``preprocessor_config.json`` of a network.

    The size is that of the images for trees, of a pre-training, or of those
    of the test, of a classifier. If the config does not say it, images are
    only normalised.

    Args:
        pixels: Normalisation, see :func:`.pixels.normalisation`; may be
            empty.
        cfg: Config of the training; may be empty.

    Returns:
        Arguments of ``transformers.BitImageProcessor``; None if the
        normalisation is unknown or for blue, green, red, which it has not.
    """
    if pixels.get('channels') != 'rgb':
        return None
    return dict(
        image_processor_type='BitImageProcessor',
        do_convert_rgb=True,
        do_rescale=True,
        rescale_factor=1 / LEVELS,
        do_normalize=True,
        image_mean=[value / LEVELS for value in pixels['mean']],
        image_std=[value / LEVELS for value in pixels['std']],
        **_size(cfg),
    )


def _size(cfg: Mapping) -> dict:
    hooks = cfg.get('default_hooks') or {}
    for part in (
        hooks.get('kmeans') or {},
        (cfg.get('test_dataloader') or {}).get('dataset') or {},
    ):
        steps = {
            type_name(step['type']): step
            for step in part.get('pipeline') or ()
        }
        if 'ResizeEdge' in steps and 'CenterCrop' in steps:
            edge, crop = steps['ResizeEdge'], steps['CenterCrop']['crop_size']
            name = edge.get('interpolation', 'bilinear')
            height, width = crop if isinstance(crop, Sequence) else [crop] * 2
            return dict(
                do_resize=True,
                size=dict(shortest_edge=edge['scale']),
                resample=_FILTERS[name],
                do_center_crop=True,
                crop_size=dict(height=height, width=width),
            )
    return dict(do_resize=False, do_center_crop=False)
