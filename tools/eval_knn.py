"""kNN accuracy of a pre-trained backbone: weighted vote, frozen features."""

import argparse
import json
import sys

from mmengine.config import Config

from hirl_mm.engine.dataset_features import dataset_features, evaluation_data
from hirl_mm.engine.pretrained import load_pretrained
from hirl_mm.evaluation.functional import knn_accuracy
from hirl_mm.files import replacing


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='The config names the labelled data sets knn_bank, the '
        'neighbours, and knn_queries, the images to classify.',
    )
    parser.add_argument('config', help='training config')
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument(
        'checkpoint', nargs='?', help='checkpoint of that training'
    )
    group.add_argument(
        '--random-init',
        action='store_true',
        help='evaluate the untrained network, the floor of every comparison',
    )
    parser.add_argument(
        '--ks',
        type=int,
        nargs='+',
        default=[10, 20, 100, 200],
        help='numbers of neighbours (default: 10 20 100 200)',
    )
    parser.add_argument(
        '--temperature',
        type=float,
        default=0.07,
        help='of the vote (default: %(default)s)',
    )
    parser.add_argument('--out', help='JSON file for the result')
    parser.add_argument('--batch-size', type=int, default=256)
    parser.add_argument('--num-workers', type=int, default=4)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        cfg = Config.fromfile(args.config)
        names = 'knn_bank', 'knn_queries'
        data = {name: evaluation_data(cfg, name) for name in names}
        model = load_pretrained(cfg, args.checkpoint)
        options = args.batch_size, args.num_workers
        bank, queries = (
            dataset_features(model, data[name], name, *options)
            for name in names
        )
        accuracy = knn_accuracy(
            *bank[:2], *queries[:2], args.ks, args.temperature
        )
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')
    result = dict(
        config=args.config,
        checkpoint=args.checkpoint,
        temperature=args.temperature,
        num_bank=len(bank[1]),
        num_queries=len(queries[1]),
        top1={str(k): value for k, value in accuracy.items()},
    )
    for k, value in accuracy.items():
        print(f'k = {k:<4} top-1 {value:6.2f} %')
    if args.out:
        with replacing(args.out) as temporary:
            temporary.write_text(json.dumps(result, indent=2) + '\n')
        print(f'written to {args.out}')


if __name__ == '__main__':
    main()
