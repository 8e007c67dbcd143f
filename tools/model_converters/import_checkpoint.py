"""A released checkpoint as one of MMPreTrain's backbones.

Reads the checkpoints of HIRL's released code and those of MoCo, MoCo v3,
SimSiam, SwAV, DINO, iBOT and BEiT, which it tells by their keys, and keeps the
network that the papers evaluate: MoCo's and MoCo v3's query encoder, DINO's
and iBOT's teacher, the one encoder of the others. Projectors and classifiers
are left out. A released file that holds more than tensors is refused unless
you trust it.
"""

import argparse
import sys
from pathlib import Path

from hirl_mm.checkpoints.import_release import import_checkpoint
from hirl_mm.checkpoints.layouts.releases import RELEASES
from hirl_mm.options import add_trust_option


def parse_args() -> argparse.Namespace:
    layouts = '\n'.join(f'  {release.describe()}' for release in RELEASES)
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='layouts, the first that fits, and their keys:\n' + layouts,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('checkpoint', help='the released file')
    parser.add_argument(
        '--out',
        required=True,
        help='file to write: state_dict with keys backbone.*, and meta',
    )
    add_trust_option(parser)
    args = parser.parse_args()
    if Path(args.out).resolve() == Path(args.checkpoint).resolve():
        parser.error('--out is the released file itself')
    return args


def main() -> None:
    args = parse_args()
    try:
        meta = import_checkpoint(
            args.checkpoint, args.out, args.trust_checkpoint
        )
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')
    print(f'layout    {meta["layout"]}')
    print(f'network   {meta["network"] or "(no prefix)"} {meta["family"]}')
    print(f'tensors   {meta["num_tensors"]}')
    print(f'left out  {", ".join(meta["left_out"]) or "nothing"}')
    print(f'written to {args.out}')


if __name__ == '__main__':
    main()
