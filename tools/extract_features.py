"""Extract the features of a pre-trained backbone and write them to a file."""

import argparse

import torch

from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.dataset_features import (
    TRAIN,
    dataset_features,
    evaluation_data,
)
from hirl_mm.engine.features.labelled_data import paths_of
from hirl_mm.engine.features.labelled_sets import labelled_sets
from hirl_mm.engine.runtime.config_file import read_config
from hirl_mm.files import replacing
from hirl_mm.options import (
    ToolParser,
    add_reading_options,
    add_trust_option,
    run_tool,
)


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='The file holds a dictionary with features (N, C), labels '
        '(N,), paths (N strings) and classes, numbered as those of '
        'knn_gallery; read it with torch.load(FILE).',
    )
    parser.add_argument('config', help='training config')
    parser.add_argument('checkpoint', help='checkpoint of that training')
    parser.add_argument('--out', required=True, help='file to write (.pth)')
    parser.add_argument(
        '--data',
        choices=['knn_gallery', 'knn_queries'],
        default='knn_gallery',
        help='data set of the config to extract (default: %(default)s, the '
        'training images)',
    )
    add_reading_options(parser)
    add_trust_option(parser)
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    cfg = read_config(args.config)
    # The training images number the classes of the validation images.
    names = dict.fromkeys((TRAIN, args.data))
    sets = labelled_sets({n: evaluation_data(cfg, n) for n in names})
    features, labels, dataset = dataset_features(
        load_pretrained(cfg, args.checkpoint, trust=args.trust_checkpoint),
        sets[args.data],
        args.data,
        args.batch_size,
        args.num_workers,
    )
    with replacing(args.out) as temporary:
        torch.save(
            dict(
                features=features.cpu(),
                labels=labels.cpu(),
                paths=paths_of(dataset),
                classes=list(dataset.metainfo.get('classes') or ()),
            ),
            temporary,
        )
    num, dim = features.shape
    print(f'{args.out}: {num} features of {dim} dimensions')


if __name__ == '__main__':
    run_tool(parse_args, main)
