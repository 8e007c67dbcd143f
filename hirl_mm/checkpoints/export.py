import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor

from hirl_mm.checkpoints.layouts.families import RESNET, VIT
from hirl_mm.checkpoints.layouts.huggingface import (
    huggingface_resnet,
    huggingface_vit,
)
from hirl_mm.checkpoints.layouts.resnet import BATCH_COUNT
from hirl_mm.checkpoints.layouts.timm_models import resnet_name, timm_weights
from hirl_mm.files import replacing

from .reader import read_checkpoint
from .safetensors_files import require_safetensors, write_safetensors
from .trained_backbone import LAYER_NORM_EPS, TrainedBackbone, read_backbone


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Attributes:
        family: ResNet, ViT or BEiT.
        num_tensors: Written.
        left_out: Keys beside the backbone's that were not.
        load: Python that loads it in its library.
    """

    family: str
    num_tensors: int
    left_out: list[str]
    load: str


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
    """Write the backbone of a checkpoint for another library.

    Args:
        checkpoint: Of a run, a classifier or an import.
        to: ``torchvision`` (.pth), ``timm`` (.safetensors) or
            ``huggingface`` (a folder).
        out: File or folder to write.
        prefix: See :func:`~.trained_backbone.read_backbone`, also for the
            following two.
        config: File of the run's config.
        num_heads: Attention heads.
        trust: See :func:`read_checkpoint`.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        OSError: If it is none.
        ValueError: If the library has no such network, or ``out`` is of
            another kind than it reads, or the checkpoint needs ``trust``.
    """
    out = Path(out)
    write = _writer(to, out)
    backbone = read_backbone(
        read_checkpoint(checkpoint, trust),
        prefix=prefix,
        cfg=None if config is None else Config.fromfile(config),
        num_heads=num_heads,
    )
    weights, load = write(backbone, out)
    return Exported(
        backbone.family.name, len(weights), backbone.left_out, load
    )


Writer = Callable[[TrainedBackbone, Path], tuple[dict[str, Tensor], str]]


def _writer(to: str, out: Path) -> Writer:
    """The function that writes for a library, once ``out`` is checked."""
    suffixes = dict(torchvision='.pth', timm='.safetensors', huggingface='')
    if to not in suffixes:
        raise ValueError(f'{to!r} is none of {", ".join(suffixes)}')
    if to == 'huggingface':
        if out.exists() and not out.is_dir():
            raise ValueError(f'{out} is a file; huggingface needs a folder')
    elif out.suffix != suffixes[to] or out.is_dir():
        raise ValueError(f'{to} needs a file *{suffixes[to]}, not {out}')
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
            "only ResNets are exported to torchvision, whose ViT's tensors "
            f'are others: export this {backbone.family.name} to timm'
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
    if backbone.layer_norm_eps != LAYER_NORM_EPS:
        raise ValueError(
            f"timm's norms have epsilon {LAYER_NORM_EPS}, this network's "
            f'{backbone.layer_norm_eps}: export it to huggingface'
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
        weights, config = huggingface_vit(
            backbone.state, backbone.num_heads, backbone.layer_norm_eps
        )
        load = (
            f"transformers.ViTModel.from_pretrained('{out}', "
            'add_pooling_layer=False)'
        )
    else:
        raise ValueError(
            'a BEiT is exported to timm only: the names of Hugging '
            "Face's BeitModel are not covered"
        )
    weights = _counted(weights)
    write_safetensors(weights, out / 'model.safetensors')
    with replacing(out / 'config.json') as temporary:
        temporary.write_text(json.dumps(config, indent=2) + '\n')
    return weights, load


def _counted(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add the norms' counts of batches, 0, where a file lacks them.

    PyTorch itself does so; transformers reports them as missing.
    """
    mean = '.running_mean'
    counts = {
        f'{key.removesuffix(mean)}.{BATCH_COUNT}': torch.tensor(0)
        for key in state
        if key.endswith(mean)
    }
    return counts | state
