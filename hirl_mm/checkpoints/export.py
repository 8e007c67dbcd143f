import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor

from hirl_mm.checkpoints.layouts.families import (
    DINOV3_NORM_EPS,
    RESNET,
    VIT,
)
from hirl_mm.checkpoints.layouts.huggingface import (
    huggingface_resnet,
    huggingface_vit,
)
from hirl_mm.checkpoints.layouts.huggingface_dino import (
    huggingface_dinov2,
    huggingface_dinov3,
)
from hirl_mm.checkpoints.layouts.resnet import BATCH_COUNT
from hirl_mm.checkpoints.layouts.timm_models import resnet_name, timm_weights
from hirl_mm.checkpoints.layouts.vit import is_rotary, vit_shape
from hirl_mm.files import replacing

from .huggingface_images import image_processor
from .pixels import LEVELS
from .reader import read_checkpoint
from .safetensors_files import require_safetensors, write_safetensors
from .trained_backbone import LAYER_NORM_EPS, TrainedBackbone, read_backbone

_IMAGES = 'preprocessor_config.json'


@dataclass(frozen=True)
class Exported:
    """Summary of an export.

    Attributes:
        family: Kind of network: ``'ResNet'``, ``'ViT'`` or ``'BEiT'``.
        num_tensors: Number of tensors that were written.
        left_out: Keys of the checkpoint that stand with the backbone but are
            not part of it, such as a mask token; they were not written.
        load: Python code that loads the export in the target library.
        pixels: How images are normalised before the network sees them, see
            :func:`~.pixels.normalisation`; empty if it is unknown.
    """

    family: str
    num_tensors: int
    left_out: list[str]
    load: str
    pixels: Mapping = field(default_factory=dict)

    @property
    def images(self) -> str:
        """What to do with images before the network sees them."""
        if not self.pixels:
            return 'unknown normalisation: use that of the training'
        names = dict(rgb='red, green, blue', bgr='blue, green, red')
        mean, std = (
            ', '.join(f'{value / LEVELS:.4g}' for value in self.pixels[name])
            for name in ('mean', 'std')
        )
        return (
            f'{names[self.pixels["channels"]]} from 0 to 1, mean {mean}, '
            f'standard deviation {std}'
        )


def export_backbone(
    checkpoint: str | Path,
    to: str,
    out: str | Path,
    *,
    prefix: str | None = None,
    config: str | Path | None = None,
    num_heads: int | None = None,
    trust: bool = False,
) -> Exported:
    """Export the backbone of a checkpoint to the format of another library.

    Args:
        checkpoint: Path of the checkpoint file of a pre-training run, a
            classifier or an imported release.
        to: Target library: ``torchvision`` (a .pth file), ``timm`` (a
            .safetensors file) or ``huggingface`` (a folder).
        out: Path of the file or folder to write.
        prefix: Prefix of the backbone's keys in the checkpoint. None selects
            the evaluated network, see :func:`evaluated_prefix`.
        config: Path of the run's config file. None uses the config that
            MMEngine stored in the checkpoint, if there is one.
        num_heads: Number of attention heads of a ViT or BEiT. None takes it
            from the config, the checkpoint or, last, the usual number for
            the width.
        trust: Whether to read a file that may run code, see
            :func:`read_checkpoint`, and a config in it that may.

    Returns:
        Summary of what was written.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        OSError: If the file is not a checkpoint.
        ValueError: If the library has no such network, ``out`` does not
            match the library's format, or the checkpoint needs ``trust``.
    """
    out = Path(out)
    write = _writer(to, out)
    backbone = read_backbone(
        read_checkpoint(checkpoint, trust),
        prefix=prefix,
        cfg=None if config is None else Config.fromfile(config),
        num_heads=num_heads,
        trust=trust,
    )
    weights, load = write(backbone, out)
    return Exported(
        backbone.family.name,
        len(weights),
        backbone.left_out,
        load,
        backbone.pixels,
    )


Writer = Callable[[TrainedBackbone, Path], tuple[dict[str, Tensor], str]]


def _writer(to: str, out: Path) -> Writer:
    """Check ``to`` and ``out``; return the function that writes the export."""
    suffixes = dict(torchvision='.pth', timm='.safetensors', huggingface='')
    if to not in suffixes:
        raise ValueError(
            f'to must be one of {", ".join(suffixes)}, got {to!r}'
        )
    if to == 'huggingface':
        if out.exists() and not out.is_dir():
            raise ValueError(f'{out} is a file; huggingface needs a folder')
    elif out.suffix != suffixes[to] or out.is_dir():
        raise ValueError(
            f'{to} needs a file that ends in {suffixes[to]}, got {out}'
        )
    if to != 'torchvision':
        require_safetensors()
    return dict(
        torchvision=_torchvision, timm=_timm, huggingface=_huggingface
    )[to]


def _torchvision(
    backbone: TrainedBackbone, out: Path
) -> tuple[dict[str, Tensor], str]:
    if backbone.family is not RESNET:
        raise ValueError(
            'only ResNets can be exported to torchvision, because its ViT '
            'has different tensors: export this '
            f'{backbone.family.name} to timm'
        )
    name = resnet_name(backbone.state)
    with replacing(out) as temporary:
        torch.save(backbone.state, temporary)
    return backbone.state, (
        f'torchvision.models.{name}().load_state_dict('
        f"torch.load('{out}'), strict=False)  # without fc"
    )


def _timm(
    backbone: TrainedBackbone, out: Path
) -> tuple[dict[str, Tensor], str]:
    rotary = is_rotary(backbone.state)
    eps = DINOV3_NORM_EPS if rotary else LAYER_NORM_EPS
    if backbone.layer_norm_eps != eps:
        raise ValueError(
            f"timm's layer norms{' of DINOv3' * rotary} use epsilon {eps}, "
            f'this network uses {backbone.layer_norm_eps}: export it to '
            'huggingface'
        )
    weights, call = timm_weights(
        backbone.family, backbone.state, backbone.num_heads
    )
    write_safetensors(weights, out)
    return weights, (
        f"{call}.load_state_dict(safetensors.torch.load_file('{out}'))"
    )


def _huggingface(
    backbone: TrainedBackbone, out: Path
) -> tuple[dict[str, Tensor], str]:
    if backbone.family is RESNET:
        weights, config = huggingface_resnet(backbone.state)
        load = f"transformers.ResNetModel.from_pretrained('{out}')"
    elif backbone.family is VIT:
        weights, config = _huggingface_vit(backbone)
        (name,) = config['architectures']
        options = ', add_pooling_layer=False' * (name == 'ViTModel')
        load = f"transformers.{name}.from_pretrained('{out}'{options})"
        load += '  # transformers 4.56 or later' * (name == 'DINOv3ViTModel')
    else:
        raise ValueError(
            'a BEiT can be exported to timm only: the tensor names of '
            "Hugging Face's BeitModel are not supported"
        )
    weights = _with_batch_counts(weights)
    write_safetensors(weights, out / 'model.safetensors')
    _write_json(config, out / 'config.json')
    images = image_processor(backbone.pixels, backbone.cfg)
    if images is None:
        # That of an earlier export would be wrong.
        (out / _IMAGES).unlink(missing_ok=True)
    else:
        _write_json(images, out / _IMAGES)
    return weights, load


def _huggingface_vit(
    backbone: TrainedBackbone,
) -> tuple[dict[str, Tensor], dict]:
    shape, convert = vit_shape(backbone.state), huggingface_vit
    if shape['rotary']:
        convert = huggingface_dinov3
    elif shape['layer_scale'] or shape['gated'] or shape['registers']:
        convert = huggingface_dinov2
    return convert(backbone.state, backbone.num_heads, backbone.layer_norm_eps)


def _write_json(content: Mapping, path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + '\n')


def _with_batch_counts(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add ``num_batches_tracked`` = 0 to the batch norms that miss it.

    PyTorch fills it in on loading; transformers reports it as missing.
    """
    mean = '.running_mean'
    counts = {
        f'{key.removesuffix(mean)}.{BATCH_COUNT}': torch.tensor(0)
        for key in state
        if key.endswith(mean)
    }
    return counts | state
