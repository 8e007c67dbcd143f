"""Starting a training from the backbone of any library."""

from dataclasses import dataclass
from pathlib import Path

import torch

from hirl_mm.checkpoints.backbone_config import backbone_config
from hirl_mm.checkpoints.import_backbone import Imported, import_backbone
from hirl_mm.files import replacing

from .choices.network import Network

# What a method decides about its backbone, whatever the weights.
_OWN = 'type', 'img_size', 'out_type', 'final_norm'


@dataclass(frozen=True)
class InitialBackbone:
    """A backbone with weights to start from.

    Args:
        source: Name of the file.
        imported: The weights and what is known of them.
        config: Config of a network that fits them.
    """

    source: str
    imported: Imported
    config: dict

    def network(self, image_size: int, why_size: str, file: Path) -> Network:
        """Return the network of a plan.

        Args:
            image_size: Side of a view, in pixels.
            why_size: Reason of this side.
            file: File that :meth:`write` will write.
        """
        patch = self.config.get('patch_size', 0)
        options = {k: v for k, v in self.config.items() if k not in _OWN}
        if patch:
            image_size = max(2, round(image_size / patch)) * patch
            options['img_size'] = image_size
        return Network(
            options,
            feature_width(self.imported),
            image_size,
            patch,
            self.imported.family.name,
            f'the network of {ascii(self.source)}',
            why_size,
            str(file),
        )

    def write(self, file: Path) -> None:
        """Write the weights as a checkpoint of MMPreTrain."""
        state = self.imported.state
        weights = {f'backbone.{key}': value for key, value in state.items()}
        with replacing(file) as temporary:
            torch.save(dict(state_dict=weights), temporary)


def initial_backbone(
    checkpoint: str, kind: str, method: str, trust: bool = False
) -> InitialBackbone:
    """Read the backbone of a checkpoint of any known library.

    Args:
        checkpoint: File or folder, see
            :func:`~hirl_mm.checkpoints.import_backbone.import_backbone`.
        kind: Kind that the method trains, ``'ResNet'``, ``'ViT'`` or
            ``'BEiT'``.
        method: Name of the method, for messages.
        trust: Whether to read a file that may run code.

    Raises:
        OSError: If the file is missing or is no checkpoint.
        ValueError: If the layout is unknown, or the network is of another
            kind.
    """
    imported = import_backbone(checkpoint, trust=trust)
    config = backbone_config(imported)
    plain = config['type'] in ('ResNet', 'VisionTransformer', 'BEiTViT')
    if imported.family.name != kind or not plain:
        raise ValueError(
            f'{checkpoint} holds a {config["type"]}, but {method} trains a '
            f'{kind}: choose a --method for this network, or other weights'
        )
    return InitialBackbone(Path(checkpoint).name, imported, config)


def feature_width(imported: Imported) -> int:
    """Return the number of channels of a backbone's features."""
    state = imported.state
    if 'cls_token' in state:
        return state['cls_token'].shape[-1]
    last = 'conv3' if 'layer4.0.conv3.weight' in state else 'conv2'
    return state[f'layer4.0.{last}.weight'].shape[0]
