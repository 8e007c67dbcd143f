"""Extract the features of a pre-trained backbone and write them to a file."""

import argparse
from pathlib import Path

import torch

from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.image_features import image_features
from hirl_mm.engine.features.labelled_data import paths_of
from hirl_mm.engine.runtime.config_file import read_config
from hirl_mm.files import replacing
from hirl_mm.hierarchy.image_records import (
    FEATURE_SCHEMA,
    LABEL_SCHEMA,
    feature_records,
)
from hirl_mm.hierarchy.record_files import check_record_file, write_records
from hirl_mm.options import (
    ToolParser,
    add_reading_options,
    add_trust_option,
    run_tool,
)
from hirl_mm.studies.hierarchy_use import image_files


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""\
A .pth file holds a dictionary with features (N, C) and paths (N strings), and
of labelled images labels (N,) and classes, numbered as those of knn_gallery;
read it with torch.load(FILE). Other files have a record per image: file,
feature, and label and class if there are labels. tools/assign.py writes the
place of images in the tree of a training with HIRL.

Examples:
  python tools/extract_features.py CONFIG CHECKPOINT --out features.pth
  python tools/extract_features.py CONFIG CHECKPOINT photos a.jpg \\
      --out features.parquet""",
    )
    parser.add_argument('config', help='training config')
    parser.add_argument('checkpoint', help='checkpoint of that training')
    parser.add_argument(
        'images',
        nargs='*',
        metavar='IMAGES',
        help='image files and folders, which need no labels (default: a data '
        'set of the config)',
    )
    parser.add_argument(
        '--out',
        required=True,
        type=Path,
        help='file to write: .pth, .parquet (needs pyarrow) or .jsonl',
    )
    parser.add_argument(
        '--data',
        choices=['knn_gallery', 'knn_queries'],
        default='knn_gallery',
        help='data set of the config to extract (default: %(default)s, the '
        'training images; if the config has none, those that it trains on)',
    )
    add_reading_options(parser)
    add_trust_option(parser)
    # Images may stand before and behind options.
    return parser.parse_intermixed_args()


def main(args: argparse.Namespace) -> None:
    if args.out.suffix != '.pth':
        check_record_file(args.out)
    files = image_files(args.images)
    cfg = read_config(args.config)
    features, labels, images = image_features(
        cfg,
        load_pretrained(cfg, args.checkpoint, trust=args.trust_checkpoint),
        args.data,
        files,
        args.batch_size,
        args.num_workers,
    )
    paths = paths_of(images)
    classes = [] if labels is None else images.metainfo.get('classes')
    if args.out.suffix == '.pth':
        content = dict(features=features.cpu(), paths=paths)
        if labels is not None:
            content |= dict(labels=labels.cpu(), classes=list(classes or ()))
        with replacing(args.out) as temporary:
            torch.save(content, temporary)
    else:
        schema = FEATURE_SCHEMA | ({} if labels is None else LABEL_SCHEMA)
        records = feature_records(features, paths, labels, classes or ())
        write_records(args.out, schema, records)
    num, dim = features.shape
    print(f'{args.out}: {num} features of {dim} dimensions')


if __name__ == '__main__':
    run_tool(parse_args, main)
