"""Starting a training from the backbone of any library."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hirl_mm.checkpoints.import_backbone import Imported, import_backbone
from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.checkpoints.initial_backbone import (
    feature_width,
    initial_backbone,
)

from .choices.network import Network


@dataclass(frozen=True)
class InitialBackbone:
    """A backbone with weights to start from.

    Args:
        source: File or folder that holds it.
        imported: The weights and what is known of them.
        trust: Whether the file may run code when it is read.
    """

    source: Path
    imported: Imported
    trust: bool = False

    def network(
        self, backbone: Mapping, image_size: int, why_size: str, file: Path
    ) -> Network:
        """Return the network of a plan.

        Args:
            backbone: ``model.backbone`` of the recipe.
            image_size: Side of a view, in pixels; rounded to patches.
            why_size: Reason of this side.
            file: File that :meth:`write` will write.

        Raises:
            ValueError: If the method trains another kind of network.
        """
        config = initial_backbone(backbone, self.imported, file)
        patch = config.get('patch_size', 0)
        if patch:
            image_size = max(2, round(image_size / patch)) * patch
            config['img_size'] = image_size
        return Network(
            config,
            feature_width(self.imported),
            image_size,
            patch,
            self.imported.family.name,
            f'the network of {ascii(self.source.name)}',
            why_size,
            is_whole=True,
            pixels=self.imported.described.pixels,
        )

    def write(self, file: Path) -> None:
        """Write the weights with MMPreTrain's names, and what is known."""
        import_checkpoint(self.source, file, self.trust)


def read_initial(
    checkpoint: str, backbone: Mapping, trust: bool = False
) -> InitialBackbone:
    """Read a backbone to start from, and check that a method can train it.

    Args:
        checkpoint: File or folder, see
            :func:`~hirl_mm.checkpoints.import_backbone.import_backbone`.
        backbone: ``model.backbone`` of the recipe.
        trust: Whether to read a file that may run code.

    Raises:
        OSError: If the file is missing or is no checkpoint.
        ValueError: If the layout is unknown, or the network is of another
            kind.
    """
    source = Path(checkpoint).expanduser()
    imported = import_backbone(source, trust=trust)
    initial_backbone(backbone, imported, source)
    return InitialBackbone(source, imported, trust)
