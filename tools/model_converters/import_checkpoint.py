"""Convert a released checkpoint to a backbone of MMPreTrain.

Reads the checkpoints of HIRL's released code and of MoCo, MoCo v3, SimSiam,
SwAV, DINO, iBOT and BEiT, which it recognises by their keys. It keeps the
network that the papers evaluate: the query encoder of MoCo and MoCo v3, the
teacher of DINO and iBOT, the only encoder of the others. Projectors and
classifiers are left out. A released file that holds more than tensors is
rejected unless you trust it.
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
        epilog='Known layouts with their keys; the first that fits is used:\n'
        + layouts,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('checkpoint', help='path of the released file')
    parser.add_argument(
        '--out',
        required=True,
        help='file to write: state_dict with keys backbone.*, and meta',
    )
    add_trust_option(parser)
    args = parser.parse_args()
    if Path(args.out).resolve() == Path(args.checkpoint).resolve():
        parser.error('--out is the released file itself; give another path')
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
