"""Log lines and scalars of the trees of a run."""

from mmengine.runner import Runner

from hirl_mm.clustering import moved_shares
from hirl_mm.structures import PrototypeTree


def report_tree(
    runner: Runner,
    tree: PrototypeTree,
    last: PrototypeTree | None,
    spread: float,
    seconds: dict[str, float],
    epoch: int,
    searched: float | None = None,
) -> None:
    """Log one line and the scalars ``hirl/*`` of a new tree.

    Args:
        runner: Runner whose logger and visualizer are used.
        tree: The new tree.
        last: The previous tree, to compute the share of images that moved to
            another prototype; None if there is none.
        spread: Spread of the features.
        seconds: Duration by step, such as ``extract`` and ``cluster``.
        epoch: Epoch of the tree, counted from 1.
        searched: Share of the distances that a GPU computed in float32 after
            a pass in low precision; None if there was no such pass.
    """
    levels = tree.summary()
    for level in levels:
        level['empty_share'] = level['empty'] / level['K']
    if last is not None and len(last.leaf) == len(tree.leaf):
        for level, moved in zip(levels, moved_shares(last, tree), strict=True):
            level['moved_share'] = moved
    runner.logger.info(
        f'HIRL tree of epoch {epoch}: '
        + ', '.join(f'{what} {s:.1f} s' for what, s in seconds.items())
        + _in_fp32(searched)
        + f', feature spread {spread:.3f}: '
        + '; '.join(map(_line, levels))
    )
    scalars = {f'hirl/seconds_{what}': s for what, s in seconds.items()}
    scalars['hirl/feature_spread'] = spread
    if searched is not None:
        scalars['hirl/searched_in_fp32'] = searched
    for i, level in enumerate(levels):
        scalars |= {f'hirl/level{i}_{name}': v for name, v in level.items()}
    runner.visualizer.add_scalars(scalars, step=epoch)


def _in_fp32(searched: float | None) -> str:
    return '' if searched is None else f', distances in fp32 {searched:.2%}'


def _line(level: dict[str, float]) -> str:
    line = (
        f'K {level["K"]}, empty {level["empty"]} '
        f'({level["empty_share"]:.1%}), largest '
        f'{level["largest_share"]:.1%}, entropy {level["size_entropy"]:.2f}, '
        f'objective {level["objective"]:.4g}'
    )
    if 'moved_share' in level:
        line += f', moved {level["moved_share"]:.1%}'
    return line
