from dataclasses import dataclass

from hirl_mm.machine import Machine


@dataclass(frozen=True)
class Situation:
    """What the choices for a training follow from.

    Args:
        method: Name of the method, such as ``'hirl-dino'``.
        num_images: Number of images that can be read.
        short_side: Median short side of the images, in pixels.
        is_grey: Whether no image has colours.
        machine: What the machine offers.
        num_classes: Number of classes; 0 without labels.
        skip_broken: Whether to skip images that cannot be read.
    """

    method: str
    num_images: int
    short_side: int
    is_grey: bool
    machine: Machine
    num_classes: int = 0
    skip_broken: bool = False

    @property
    def on_gpu(self) -> bool:
        """Whether the training runs on GPUs."""
        return self.machine.gpus > 0
