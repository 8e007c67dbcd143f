"""Export a checkpoint's backbone to torchvision, timm or Hugging Face.

Reads checkpoints of this project and of MMPreTrain: pre-training runs (for
DINO and iBOT the teacher is exported), classifiers and imported releases.
Prints the Python code that loads the exported file.
"""

import argparse

from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.options import ToolParser, add_trust_option, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('checkpoint', help='path of the checkpoint file')
    parser.add_argument(
        '--to',
        required=True,
        choices=['torchvision', 'timm', 'huggingface'],
        help="target library; torchvision: ResNets of torchvision's sizes; "
        'timm: the same ResNets, ViT and BEiT; huggingface: ResNets of any '
        'width and ViT',
    )
    parser.add_argument(
        '--out',
        required=True,
        help='file or folder to write: *.pth for torchvision, *.safetensors '
        'for timm, a folder for huggingface',
    )
    parser.add_argument(
        '--prefix',
        help="prefix of the backbone's keys (default: teacher.backbone. if "
        'the file has it, else backbone., else none)',
    )
    parser.add_argument(
        '--config',
        help='config of the run, for the number of attention heads and '
        'other facts that the weights do not contain; not needed for '
        'checkpoints that MMEngine wrote, because they hold the config',
    )
    parser.add_argument(
        '--num-heads',
        type=int,
        help='number of attention heads of a ViT or BEiT; overrides the '
        'config',
    )
    add_trust_option(parser)
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    exported = export_backbone(
        args.checkpoint,
        args.to,
        args.out,
        prefix=args.prefix,
        config=args.config,
        num_heads=args.num_heads,
        trust=args.trust_checkpoint,
    )
    print(f'network   {exported.family}, {exported.num_tensors} tensors')
    print(f'left out  {", ".join(exported.left_out) or "nothing"}')
    print(f'images    {exported.images}')
    print(f'written to {args.out}; to load it:\n{exported.load}')


if __name__ == '__main__':
    run_tool(parse_args, main)
