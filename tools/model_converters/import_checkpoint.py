"""Convert a checkpoint of another library to a backbone of MMPreTrain.

Reads files of PyTorch and safetensors and folders of Hugging Face. It knows
  timm            ResNet, ResNeXt, ViT, DeiT, DeiT III, BEiT, DINOv2, DINOv3
  torchvision     ResNet, ResNeXt, ViT
  Hugging Face    models with a ResNet, ViT, Dinov2, Dinov2WithRegisters or
                  DINOv3ViT of transformers
  DINOv2, DINOv3  with or without registers, as released or of a training
  OpenMMLab       MMPreTrain, MMSelfSup, MMDetection and this project
  releases        HIRL, MoCo, MoCo v3, SimSiam, SwAV, DINO, iBOT, BEiT
by their keys, and keeps the network that is evaluated: the query encoder of
MoCo and MoCo v3, the teacher of DINO, iBOT, DINOv2 and DINOv3, the only
encoder of the others. Projectors, classifiers and decoders are left out.
Networks with parts that the backbones here lack (a norm before the blocks as
in CLIP, ...) are refused, and the message says what to use instead. Prints the
config of a backbone that fits. A file that holds more than tensors is rejected
unless you trust it.

Example:
  python tools/model_converters/import_checkpoint.py dinov2_vits14.pth \\
      --out dinov2.pth
and in a config
  init_cfg=dict(type='Pretrained', _scope_='hirl_mm', checkpoint='dinov2.pth')
"""

import argparse
from pathlib import Path

from hirl_mm.checkpoints.backbone_config import backbone_config
from hirl_mm.checkpoints.import_backbone import import_backbone
from hirl_mm.checkpoints.import_release import meta_of_import, save_backbone
from hirl_mm.checkpoints.layouts.releases import RELEASES
from hirl_mm.options import ToolParser, add_trust_option, run_tool


def parse_args() -> argparse.Namespace:
    layouts = '\n'.join(f'  {release.describe()}' for release in RELEASES)
    parser = ToolParser(
        description=__doc__,
        epilog='Known layouts with their keys; the first that fits is used:\n'
        + layouts,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'checkpoint',
        help='path of the file, or of a folder of Hugging Face',
    )
    parser.add_argument(
        '--out',
        required=True,
        help='file to write: state_dict with keys backbone.*, and meta',
    )
    parser.add_argument(
        '--prefix',
        help="beginning of the network's keys, if the file is of no known "
        'layout; the message then names the networks in it',
    )
    parser.add_argument(
        '--num-heads',
        type=int,
        help='number of attention heads of a ViT (default: from the config '
        'beside the weights, else the usual number for the width)',
    )
    add_trust_option(parser)
    args = parser.parse_args()
    if Path(args.out).resolve() == Path(args.checkpoint).resolve():
        parser.error('--out is the checkpoint itself; give another path')
    return args


def main(args: argparse.Namespace) -> None:
    imported = import_backbone(
        args.checkpoint,
        prefix=args.prefix,
        num_heads=args.num_heads,
        trust=args.trust_checkpoint,
    )
    meta = meta_of_import(imported, Path(args.checkpoint).name)
    save_backbone(imported, meta, args.out)
    print(f'layout    {meta["layout"]}')
    print(f'network   {meta["network"] or "(no prefix)"} {meta["family"]}')
    print(f'tensors   {meta["num_tensors"]}')
    print(f'left out  {", ".join(meta["left_out"]) or "nothing"}')
    print(f'written to {args.out}')
    try:
        print(f'backbone  {backbone_config(imported)}')
    except ValueError as error:
        print(f'backbone  no config: {error}')


if __name__ == '__main__':
    run_tool(parse_args, main)
