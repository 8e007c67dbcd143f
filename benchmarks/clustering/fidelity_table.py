"""Results of the comparison of shortcuts as Markdown."""

import torch

from benchmarks.common.tables import aligned_table
from benchmarks.common.timing import quartiles

_SPREAD = 'faithful, other seed'


def fidelity_table(result: dict) -> str:
    """Return a table of medians over the seeds, per level, fine to coarse."""
    rows = []
    for name, option in result['options'].items():
        same, other = option['same_seed'], option['other_seed']
        if name == 'faithful':
            cells = ('', '', '')
            name = _SPREAD
        else:
            cells = (
                _range(same),
                _medians(same, 'ari'),
                _medians(same, 'nmi'),
            )
        empty = [sum(levels) for levels in zip(*option['empty'], strict=True)]
        rows.append(
            (
                name,
                *cells,
                _medians(other, 'ari'),
                _medians(other, 'nmi'),
                ' '.join(map(str, empty)),
            )
        )
    head = (
        'option',
        'objective / faithful',
        'ARI, same seed',
        'NMI, same seed',
        'ARI, other seed',
        'NMI, other seed',
        'empty, all seeds',
    )
    return aligned_table(head, rows, left=1) + _natural(result)


def _medians(found: list[dict], measure: str) -> str:
    levels = zip(*(pair[measure] for pair in found), strict=True)
    return ' '.join(f'{quartiles(v)["median"]:.3f}' for v in levels)


def _range(found: list[dict]) -> str:
    levels = zip(*(pair['objective'] for pair in found), strict=True)
    return ' '.join(f'{quartiles(v)["median"]:.4f}' for v in levels)


def _natural(result: dict) -> str:
    """Return the relative standard deviation of the faithful objectives."""
    levels = torch.tensor(result['objectives'], dtype=torch.float64)
    share = (levels.std(0) / levels.mean(0)).tolist()
    return (
        '\nFaithful objectives over the seeds, standard deviation over mean: '
        + ' '.join(f'{value:.2%}' for value in share)
        + '.\n'
    )
