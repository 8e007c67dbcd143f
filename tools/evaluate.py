"""Judge a pre-trained backbone by the protocols that need no training.

One pass over the labelled images keeps their features in OUT/features; kNN,
logistic regression, clustering, the levels of a taxonomy, trees of
prototypes and, for multi-label data, linear support vector machines run from
there, again and again without another pass.
"""

import argparse
import sys
from functools import cache
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.model import BaseModel

from hirl_mm.checkpoints import read_checkpoint, tree_in
from hirl_mm.engine.evaluation.frozen_evaluation import (
    FrozenEvaluation,
    FrozenOptions,
)
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.evaluation.svm_evaluation import SVMEvaluation
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    feature_source,
)
from hirl_mm.engine.features.dataset_features import (
    SVM_TRAIN,
    TRAIN,
    evaluation_config,
)
from hirl_mm.engine.runtime.process_group import (
    join_processes,
    leave_processes,
)
from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.options import add_trust_option
from hirl_mm.studies.comparison import write_results


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="""\
The config names labelled data sets with their pipelines: knn_gallery, the
training images, and knn_queries, the validation images; for multi-label data
svm_train and svm_test. Several GPUs share the pass, then the first goes on:
  torchrun --nproc_per_node 8 tools/evaluate.py ... --launcher pytorch""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config', help='pre-training config')
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument(
        'checkpoint', nargs='?', help='its checkpoint, or a converted release'
    )
    group.add_argument(
        '--random-init',
        action='store_true',
        help='evaluate the untrained network, the floor of every comparison',
    )
    add(
        '--prefix',
        help='of the backbone in the file, such as encoder_k.module.0. '
        '(default: of the network that the method evaluates)',
    )
    add('--name', help='of the network in tables (default: the config)')
    add(
        '--out',
        type=Path,
        help='folder for features and results (default: '
        'work_dirs/evaluation/NAME_OF_CONFIG)',
    )
    add(
        '--data',
        help='a config with other data sets than those of the training, such '
        'as configs/evaluation/frozen/svm_voc07.py',
    )
    defaults = FrozenOptions()
    add(
        '--ks',
        type=int,
        nargs='+',
        default=defaults.ks,
        help='numbers of neighbours (default: 10 20 100 200)',
    )
    add(
        '--shares',
        nargs='+',
        default=defaults.shares,
        metavar='SHARE[=FILE]',
        help='labelled training images for logistic regression, drawn by '
        'class or listed in a file (default: 1%% 10%% 100%%)',
    )
    add(
        '--hierarchy',
        help="a taxonomy: hierarchy.json or WordNet's is_a file (default: "
        'hierarchy.json beside the images, if there is one)',
    )
    add(
        '--num-prototypes',
        type=int,
        nargs='+',
        default=defaults.num_prototypes,
        help='of a tree of the features, from fine to coarse, as in '
        '30000 10000 1000 (default: no tree but the one in the checkpoint)',
    )
    add('--seed', type=int, default=defaults.seed, help='(default: 0)')
    add('--half', action='store_true', help='keep features as float16')
    add(
        '--refresh',
        action='store_true',
        help='replace features of another checkpoint, config or data set',
    )
    add('--batch-size', type=int, default=256, help='per process')
    add('--num-workers', type=int, default=4, help='per process')
    add_trust_option(parser)
    add('--launcher', choices=['none', 'pytorch', 'slurm'], default='none')
    return parser.parse_args()


def evaluate(args: argparse.Namespace, cfg: Config) -> ArmResults | None:
    """The results, in the first process; None in the others."""
    recipe = Path(args.config).stem
    source = feature_source(cfg, args.checkpoint, args.prefix)
    options = FrozenOptions(
        args.ks,
        args.shares,
        args.hierarchy,
        args.num_prototypes,
        args.seed,
    )
    evaluations = []
    if TRAIN in cfg:
        tree = None
        if args.checkpoint:
            tree = tree_in(
                read_checkpoint(args.checkpoint, args.trust_checkpoint)
            )
        evaluations.append(FrozenEvaluation(cfg, options, tree))
    if SVM_TRAIN in cfg:
        evaluations.append(SVMEvaluation(cfg))

    @cache
    def model() -> BaseModel:
        return load_pretrained(
            cfg, args.checkpoint, args.prefix, args.trust_checkpoint
        )

    features = FeatureCache(
        args.out / 'features',
        source,
        args.half,
        args.refresh,
        args.batch_size,
        args.num_workers,
    )
    for evaluation in evaluations:
        evaluation.extract(features, model)
    first = is_main_process()
    leave_processes()
    if not first:
        return None
    results = ArmResults(args.name or recipe, recipe, source=source)
    for evaluation in evaluations:
        evaluation.run(results)
        if isinstance(evaluation, FrozenEvaluation):
            evaluation.draw(args.out)
    return results


def main() -> None:
    args = parse_args()
    args.out = args.out or Path('work_dirs/evaluation', Path(args.config).stem)
    join_processes(args.launcher)
    try:
        cfg = evaluation_config(args.config, args.data)
        results = evaluate(args, cfg)
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')
    if results is None:
        return
    print(write_results(args.out, results), end='')
    print(f'written to {args.out}')


if __name__ == '__main__':
    main()
