"""Run a batch again that broke the loss of a training.

The batch is a file of the folder bad_batches in the work folder of a run. It
goes forward and backward through the model of that run, with the weights of
the newest checkpoint before it. Tables tell what the inputs, the losses and
the gradients are, and which module is the first whose output is NaN or
infinite.
"""

import argparse
import sys
from pathlib import Path

from hirl_mm.options import add_trust_option
from hirl_mm.stack import StackError, check_stack
from hirl_mm.tables import printable


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Example: python tools/replay.py '
        'work_dirs/run/bad_batches/epoch_3_iter_812_rank_0.pth',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('batch', type=Path, help='file of the batch')
    parser.add_argument(
        '--checkpoint',
        help='checkpoint of the run (default: the newest one before the '
        'batch; initial weights if there was none)',
    )
    parser.add_argument(
        '--device', help='cpu or cuda (default: cuda if there is a GPU)'
    )
    parser.add_argument(
        '--steps',
        type=int,
        default=1,
        help='training steps on the batch, to see whether it breaks the '
        'weights (default: 1)',
    )
    add_trust_option(parser)
    args = parser.parse_args()
    if args.steps < 1:
        parser.error(f'--steps must be at least 1, got {args.steps}')
    return args


def main(args: argparse.Namespace) -> None:
    check_stack()
    import torch

    from hirl_mm.engine.bad_batches.broken_outputs import broken_weights
    from hirl_mm.engine.bad_batches.kept_batch import KeptBatch
    from hirl_mm.engine.bad_batches.replay import (
        loaded_model,
        optimizer_of,
        replay,
        use_tree_of,
    )
    from hirl_mm.engine.bad_batches.replay_report import replay_report
    from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
    from hirl_mm.engine.runtime.found_config import read_found_config
    from hirl_mm.engine.runtime.run_files import moved_path
    from hirl_mm.studies.run_folder import RunFolder

    device = args.device or ('cuda' if torch.cuda.is_available() else 'cpu')
    trust = args.trust_checkpoint
    kept = KeptBatch.load(args.batch, trust)
    run = args.batch.resolve().parents[1]
    cfg = read_found_config(RunFolder(run).config_file(), trust)
    cfg.launcher = 'none'
    if device == 'cpu':
        fit_to_cpu(cfg)
    checkpoint = args.checkpoint
    if checkpoint is None and kept.checkpoint is not None:
        checkpoint = moved_path(kept.checkpoint, run) or kept.checkpoint
    model = loaded_model(cfg, kept, checkpoint, device, trust)
    use_tree_of(run, kept, model, trust)
    weights = broken_weights(model)
    wrapper = optimizer_of(cfg, kept, model)
    steps = list(replay(model, wrapper, kept, args.steps))
    weights_of = checkpoint or 'the start, by the seed of the run'
    print(f'weights of {printable(weights_of)}')
    print(replay_report(kept, steps, weights), end='')


if __name__ == '__main__':
    try:
        main(parse_args())
    except (StackError, ValueError, OSError) as error:
        sys.exit(f'error: {printable(str(error))}')
