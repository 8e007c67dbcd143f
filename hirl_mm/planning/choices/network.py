"""Which network, at which size of the images."""

from dataclasses import dataclass, field

from .situation import Situation

# Largest side of a view on a CPU, where a step costs so many pixels.
_CPU_SIDE = 64
_SIDES = 32, 224
# A transformer sees at least so many patches along a side.
_MIN_PATCHES = 8
_PATCHES = 16, 8, 4
_FEW_IMAGES = 200_000


@dataclass(frozen=True)
class Network:
    """The backbone of a training.

    Args:
        config: What replaces entries of the recipe's ``model.backbone``.
        width: Channels of its features.
        image_size: Side of a global view, in pixels.
        patch_size: Side of a patch of a transformer; 0 for a ResNet.
        name: Name for people.
        why: Reason of the network.
        why_size: Reason of the side of a view.
        is_whole: Whether ``config`` is the whole ``model.backbone``, with its
            initial weights.
        pixels: How images were normalised for the initial weights, see
            :func:`hirl_mm.checkpoints.pixels.normalisation`; empty if their
            file does not say so, None without initial weights.
    """

    config: dict = field(repr=False)
    width: int
    image_size: int
    patch_size: int
    name: str
    why: str
    why_size: str
    is_whole: bool = False
    pixels: dict | None = None

    @property
    def step(self) -> int:
        """Sides of views are multiples of this."""
        return self.patch_size or 8

    def side_of(self, side: int) -> int:
        """Return the side of a view that the recipe has for 224 pixels."""
        scaled = side * self.image_size / 224
        return max(2, round(scaled / self.step)) * self.step


def choose_size(situation: Situation, wanted: int | None) -> tuple[int, str]:
    """Return the side of a global view in pixels, and the reason.

    Args:
        situation: What the choice follows from.
        wanted: Side that the user gave; None to choose it.

    Raises:
        ValueError: If ``wanted`` is no multiple of 32 of at least 32.
    """
    if wanted is not None:
        if wanted < 32 or wanted % 32:
            raise ValueError(
                f'--image-size must be a multiple of 32 pixels, got {wanted}'
            )
        return wanted, 'as you asked'
    low, high = _SIDES
    side = min(max(low, round(situation.short_side / 32) * 32), high)
    why = f'the median short side of the images is {situation.short_side}'
    if not situation.on_gpu and side > _CPU_SIDE:
        return _CPU_SIDE, f'{why}, but the cost of a CPU grows with the area'
    if situation.short_side > high:
        why += '; the recipe has no larger views'
    return side, why


def choose_network(
    situation: Situation,
    kind: str,
    image_size: int,
    why_size: str,
    full_width: bool = False,
) -> Network:
    """Return the backbone for so many images of this size.

    Args:
        situation: What the choice follows from.
        kind: ``'ResNet'`` or ``'ViT'``.
        image_size: Side of a global view, in pixels.
        why_size: Reason of this side.
        full_width: Whether the user asked for a ResNet that torchvision and
            timm have, on a CPU, too.

    Raises:
        ValueError: If ``full_width`` is asked of a transformer.
    """
    if kind == 'ResNet':
        config, width, name, why = _resnet(situation, image_size, full_width)
        return Network(config, width, image_size, 0, name, why, why_size)
    if full_width:
        raise ValueError(
            '--full-width is for methods with a ResNet: libraries load '
            'transformers of any width'
        )
    patch = patch_of(image_size)
    arch, name, why = _transformer(situation, image_size)
    config = dict(arch=arch, img_size=image_size, patch_size=patch)
    why += f'; patches of {patch} pixels, at least 8 along a side'
    return Network(
        config, arch['embed_dims'], image_size, patch, name, why, why_size
    )


def patch_of(image_size: int) -> int:
    """Return the side of a transformer's patches for a side of an image.

    Example:
        >>> patch_of(224), patch_of(64), patch_of(32)
        (16, 8, 4)
    """
    fitting = [p for p in _PATCHES if image_size // p >= _MIN_PATCHES]
    return fitting[0] if fitting else _PATCHES[-1]


def _resnet(
    situation: Situation, image_size: int, full_width: bool
) -> tuple[dict, int, str, str]:
    if not situation.on_gpu:
        if full_width:
            return dict(depth=18), 512, 'ResNet-18', 'as you asked'
        config = dict(depth=18, base_channels=32, stem_channels=32)
        name = 'ResNet-18 of half the width'
        why = 'what a CPU trains in minutes to hours, and transformers loads; '
        why += 'torchvision and timm have the full width only [--full-width]'
        return config, 256, name, why
    if image_size <= 64 or situation.num_images < 20_000:
        why = 'enough for small images or less than 20,000'
        return dict(depth=18), 512, 'ResNet-18', why
    return dict(depth=50), 2048, 'ResNet-50', 'as in the recipe'


def _transformer(
    situation: Situation, image_size: int
) -> tuple[dict, str, str]:
    if not situation.on_gpu:
        arch = transformer_arch(128, 6, 4)
        return arch, 'ViT, 6 layers of 128', 'what a CPU trains in hours'
    if image_size <= 64 or situation.num_images < _FEW_IMAGES:
        why = f'enough for small images or less than {_FEW_IMAGES:,}'
        return transformer_arch(384, 12, 6), 'ViT-S', why
    return transformer_arch(768, 12, 12), 'ViT-B', 'as in the recipe'


def transformer_arch(width: int, layers: int, heads: int) -> dict:
    """Return the ``arch`` of MMPreTrain's vision transformers."""
    return dict(
        embed_dims=width,
        num_layers=layers,
        num_heads=heads,
        feedforward_channels=4 * width,
    )
