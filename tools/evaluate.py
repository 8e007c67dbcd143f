"""Evaluate a pre-trained backbone by protocols that train no network.

One pass over the labelled images stores their features in OUT/features. From
these the tool computes kNN, logistic regression, clustering, accuracy on the
levels of a taxonomy, purity of trees of prototypes and, for multi-label data,
linear support vector machines. Later calls reuse the stored features.
"""

import argparse
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
    destroy_process_group,
    init_process_group,
)
from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.options import (
    ToolParser,
    add_launcher,
    add_reading_options,
    add_trust_option,
    run_tool,
)
from hirl_mm.studies.comparison import write_results


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog="""\
The config names labelled data sets with their pipelines: knn_gallery, the
training images, and knn_queries, the validation images; for multi-label data
svm_train and svm_test. Several GPUs can share the pass over the images; the
first process computes the rest:
  torchrun --nproc_per_node 8 tools/evaluate.py ... --launcher pytorch""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config', help='pre-training config')
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint of that pre-training, or of import_checkpoint.py',
    )
    group.add_argument(
        '--random-init',
        action='store_true',
        help='evaluate the untrained network, the baseline of a comparison',
    )
    add(
        '--prefix',
        help="prefix of the backbone's keys in the checkpoint, such as "
        'encoder_k.module.0. (default: prefix of the network that the method '
        'evaluates)',
    )
    add(
        '--name',
        help='name of the network in tables (default: name of the config)',
    )
    add(
        '--out',
        type=Path,
        help='folder for features and results (default: '
        'work_dirs/evaluation/NAME_OF_CONFIG)',
    )
    add(
        '--stages',
        type=int,
        nargs='+',
        metavar='STAGE',
        help='evaluate the pooled maps of these stages of a ResNet, such as '
        '2 3 4 (layer2, layer3, layer4), each with rows of its own (default: '
        'the output of the backbone)',
    )
    add(
        '--data',
        help='config whose data sets are used instead of those of the '
        'pre-training config, such as configs/evaluation/frozen/svm_voc07.py',
    )
    defaults = FrozenOptions()
    add(
        '--ks',
        type=int,
        nargs='+',
        default=defaults.ks,
        help='numbers of neighbours of kNN (default: 10 20 100 200)',
    )
    add(
        '--shares',
        nargs='+',
        default=defaults.shares,
        metavar='SHARE[=FILE]',
        help='shares of the training images whose labels logistic '
        'regression uses, drawn by class or listed in a file (default: 1%% '
        '10%% 100%%)',
    )
    add(
        '--hierarchy',
        help="file of the taxonomy: hierarchy.json or WordNet's is_a file "
        '(default: hierarchy.json beside the images, if there is one)',
    )
    add(
        '--num-prototypes',
        type=int,
        nargs='+',
        default=defaults.num_prototypes,
        help='build a tree of the features with these numbers of prototypes '
        'per level, from fine to coarse, such as 30000 10000 1000 (default: '
        'evaluate only the tree in the checkpoint)',
    )
    add(
        '--seed',
        type=int,
        default=defaults.seed,
        help='seed of drawn shares and of the clusterings (default: 0)',
    )
    add('--half', action='store_true', help='store features as float16')
    add(
        '--refresh',
        action='store_true',
        help='replace stored features of another checkpoint, config or data '
        'set',
    )
    add_reading_options(parser)
    add_trust_option(parser)
    add_launcher(parser)
    args = parser.parse_args()
    # None is the output of the backbone.
    args.stages = list(dict.fromkeys(args.stages or [None]))
    return args


def evaluate(args: argparse.Namespace, cfg: Config) -> ArmResults | None:
    """Return the results in the first process, None in the others."""
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

    caches = [
        FeatureCache(
            args.out / 'features',
            source,
            args.half,
            args.refresh,
            args.batch_size,
            args.num_workers,
            stage,
        )
        for stage in args.stages
    ]
    for evaluation in evaluations:
        evaluation.store(caches, model)
    first = is_main_process()
    destroy_process_group()
    if not first:
        return None
    results = ArmResults(args.name or recipe, recipe, source=source)
    for of_stage in caches:
        for evaluation in evaluations:
            evaluation.extract(of_stage, model)
            evaluation.run(results)
            if isinstance(evaluation, FrozenEvaluation):
                evaluation.draw(args.out)
    return results


def main(args: argparse.Namespace) -> None:
    args.out = args.out or Path('work_dirs/evaluation', Path(args.config).stem)
    init_process_group(args.launcher)
    cfg = evaluation_config(args.config, args.data)
    results = evaluate(args, cfg)
    if results is None:
        return
    print(write_results(args.out, results), end='')
    print(f'written to {args.out}')


if __name__ == '__main__':
    run_tool(parse_args, main)
