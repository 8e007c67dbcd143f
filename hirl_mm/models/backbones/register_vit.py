from typing import Any

import torch
from mmengine.model.weight_init import PretrainedInit, trunc_normal_
from mmpretrain.models.backbones import VisionTransformer
from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor, nn

from hirl_mm.registry import MODELS

from .rotary_layer import make_rotary
from .rotation_table import rotation_table


@MODELS.register_module()
class RegisterViT(VisionTransformer):
    """MMPreTrain's vision transformer with the parts of DINOv2 and DINOv3.

    Register tokens take part in attention, but are never in the output:
    ``'raw'`` remains the class token and the patches, so that heads, necks
    and evaluations need no change. Rotary positions replace the learned
    ones and fit images of any size. Without both, this is
    ``VisionTransformer``, with the same state-dict keys.

    Papers: registers https://arxiv.org/abs/2309.16588, DINOv3
    https://arxiv.org/abs/2508.10104

    Args:
        *args: Positional arguments of ``VisionTransformer``.
        num_registers: Number R of register tokens, the parameter
            ``register_tokens`` (1, R, C). They stand after the class token
            and have no positions.
        rotary: Whether queries and keys of patches are rotated by their
            place, as in DINOv3, instead of adding ``pos_embed``. Keys then
            have no bias.
        **kwargs: Keyword arguments of ``VisionTransformer``.

    Raises:
        ValueError: If ``num_registers`` is negative, or with ``rotary`` the
            channels of a head are no multiple of 4.
    """

    init_cfg: dict | list[dict] | None

    def __init__(
        self,
        *args: Any,
        num_registers: int = 0,
        rotary: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if num_registers < 0:
            raise ValueError(
                f'num_registers must be at least 0, got {num_registers}'
            )
        self.num_registers, self.rotary = num_registers, rotary
        tokens = torch.zeros(1, num_registers, self.embed_dims)
        self.register_tokens = nn.Parameter(tokens) if num_registers else None
        if rotary:
            self.pos_embed = None
            for layer in self.layers:
                make_rotary(layer)
        if self.frozen_stages > 0:
            self._freeze_stages()

    @property
    def is_loaded(self) -> bool:
        """Whether the weights come from a file (``init_cfg``)."""
        cfg = self.init_cfg
        return isinstance(cfg, dict) and (
            cfg['type'] in ('Pretrained', PretrainedInit)
        )

    def init_weights(self) -> None:
        cfg = self.init_cfg
        if isinstance(cfg, dict) and self.is_loaded:
            # MMPreTrain compares the type with the registered name only. It
            # would overwrite the loaded position embeddings.
            self.init_cfg = dict(cfg, type='Pretrained')
        super().init_weights()
        if self.register_tokens is not None and not self.is_loaded:
            trunc_normal_(self.register_tokens, std=0.02)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the features of images.

        Args:
            x: Images (B, 3, H, W).

        Returns:
            The outputs of ``mmpretrain.VisionTransformer``, without register
            tokens.
        """
        x, grid = self.patch_embed(x)
        x = self.pre_norm(self.drop_after_pos(self._tokens(x, grid)))
        table = self._table(x, grid)
        outs = []
        for i, layer in enumerate(self.layers):
            x = layer(x) if table is None else layer(x, table)
            if i == len(self.layers) - 1 and self.final_norm:
                x = self.ln1(x)
            if i in self.out_indices:
                kept = self._without_registers(x)
                outs.append(self._format_output(kept, grid))
        return tuple(outs)

    def get_layer_depth(
        self, param_name: str, prefix: str = ''
    ) -> tuple[int, int]:
        """Return the depth of a parameter, and the number of depths.

        Register tokens have depth 0, like the class token. For the arguments
        see ``VisionTransformer``.
        """
        if param_name == f'{prefix}register_tokens':
            param_name = f'{prefix}cls_token'
        return super().get_layer_depth(param_name, prefix)

    def _tokens(self, patches: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return (B, L, C): class token, registers, patches; positioned."""
        size, before = len(patches), self.num_extra_tokens
        x = patches
        if self.cls_token is not None:
            x = torch.cat([self.cls_token.expand(size, -1, -1), x], dim=1)
        if self.pos_embed is not None:
            x = x + resize_pos_embed(
                self.pos_embed,
                self.patch_resolution,
                grid,
                mode=self.interpolate_mode,
                num_extra_tokens=before,
            )
        if self.register_tokens is None:
            return x
        registers = self.register_tokens.expand(size, -1, -1)
        return torch.cat([x[:, :before], registers, x[:, before:]], dim=1)

    def _without_registers(self, x: Tensor) -> Tensor:
        if self.register_tokens is None:
            return x
        before = self.num_extra_tokens
        patches = x[:, before + self.num_registers :]
        return torch.cat([x[:, :before], patches], dim=1)

    def _table(self, x: Tensor, grid: tuple[int, int]) -> Tensor | None:
        """Return the rotations of the tokens x (B, L, C), if there are any."""
        if not self.rotary:
            return None
        return rotation_table(
            grid,
            self.layers[0].attn.head_dims,
            self.num_extra_tokens + self.num_registers,
            x.device,
            torch.promote_types(x.dtype, torch.float32),
        )

    def _prepare_pos_embed(
        self, state_dict: Any, prefix: Any, *args: Any, **kwargs: Any
    ) -> None:
        if self.pos_embed is not None:
            super()._prepare_pos_embed(state_dict, prefix, *args, **kwargs)

    def _freeze_stages(self) -> None:
        super()._freeze_stages()
        tokens = getattr(self, 'register_tokens', None)
        if tokens is not None:
            tokens.requires_grad = False
