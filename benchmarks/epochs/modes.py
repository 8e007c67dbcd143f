"""Effect of the modes of the clustering hook on the learned features.

HIRL-MoCo v2 pre-trains on the digits of the demo in every mode, with the same
seeds. Every run gives kNN accuracy and purity of the backbone's features. Its
last tree is compared with a faithful tree of the same weights: objective on
freshly extracted features, ARI and NMI. Two faithful trees of different seeds
give the natural spread.
"""

import sys
import tempfile
from argparse import Namespace
from pathlib import Path

import torch
import torch.nn.functional as F
from mmengine.hooks import Hook
from mmengine.runner import Runner
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from torch import Tensor

from benchmarks.common.machine import describe
from benchmarks.common.options import add_seed, new_parser, parse, report
from benchmarks.common.threads import threads
from benchmarks.epochs.demo_runs import demo_config
from benchmarks.epochs.modes_tables import modes_table
from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.datasets.toy import write_digits
from hirl_mm.engine.features.dataset_features import dataset_features
from hirl_mm.engine.features.feature_pass import feature_loader, feature_pass
from hirl_mm.engine.hooks import HierarchicalKMeansHook
from hirl_mm.engine.trees.mode import MODES
from hirl_mm.structures import PrototypeTree
from hirl_mm.studies.arm_figures import measure_arm

QUICK = dict(seeds=1, epochs=2, num_images=750)


class FaithfulTwin(Hook):
    """Builds faithful trees before the last epoch, beside the run's own.

    Attributes:
        comparison: Measures of :func:`compare` for the run's tree and for a
            faithful tree of another seed, both against a faithful tree.
    """

    def __init__(self) -> None:
        self.comparison: dict = {}

    def before_train_epoch(self, runner: Runner) -> None:
        if runner.epoch < runner.max_epochs - 1:
            return
        (hook,) = (
            h for h in runner.hooks if isinstance(h, HierarchicalKMeansHook)
        )
        model = runner.model
        loader = feature_loader(
            runner.train_dataloader.dataset, hook.pipeline, 256, num_workers=0
        )
        sample_idx, features = feature_pass(
            model, model.extract_z0, loader, 'faithful twin'
        )
        features = features[sample_idx.argsort()]
        twin, other = (
            hierarchical_kmeans(features, hook.num_prototypes, seed=seed)
            for seed in (hook.seed, hook.seed + 100)
        )
        self.comparison = dict(
            twin=compare(features, model.tree, twin),
            other_seed=compare(features, other, twin),
        )


def compare(
    features: Tensor, tree: PrototypeTree, twin: PrototypeTree
) -> dict[str, float]:
    """Compare the leaves of a tree with those of another one.

    Args:
        features: (n, D) features of the images.
        tree: Tree of these images.
        twin: Another tree of the same images.

    Returns:
        Ratio of the objectives, and ARI and NMI of the leaves.
    """
    first, second = tree.leaf.numpy(), twin.leaf.numpy()
    of_tree, of_twin = (objective(features, t.leaf) for t in (tree, twin))
    return dict(
        objective=of_tree / of_twin,
        ari=float(adjusted_rand_score(first, second)),
        nmi=float(normalized_mutual_info_score(first, second)),
    )


def objective(features: Tensor, leaf: Tensor) -> float:
    """Return the sum of squared distances to the means of the leaves."""
    unit = F.normalize(features, dim=1).double()
    num = int(leaf.max()) + 1
    sums = unit.new_zeros(num, unit.size(1)).index_add_(0, leaf, unit)
    sizes = torch.bincount(leaf, minlength=num).clamp(min=1)
    return float(len(unit) - (sums.square().sum(1) / sizes).sum())


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add = parser.add_argument
    add('--modes', nargs='+', choices=list(MODES), default=list(MODES))
    add('--seeds', type=int, default=5, help='number of seeds per mode')
    add('--epochs', type=int, help='epochs of a run (default: 20)')
    add('--num-images', type=int, help='training images (default: all)')
    add('--cold-interval', type=int, help='of the mode bank only')
    return parse(parser, QUICK)


def main() -> None:
    args = parse_args()
    machine = describe('cpu')
    runs = {mode: [] for mode in args.modes}
    with tempfile.TemporaryDirectory() as folder, threads(1):
        data = write_digits(Path(folder) / 'digits')
        for seed in range(args.seed, args.seed + args.seeds):
            for mode in args.modes:
                print(f'seed {seed}, {mode} ...', file=sys.stderr, flush=True)
                work_dir = Path(folder) / f'{mode}_{seed}'
                runs[mode].append(run(mode, data, work_dir, seed, args))
    report(args, machine, dict(runs=runs), modes_table(runs))


def run(
    mode: str, data: Path, work_dir: Path, seed: int, args: Namespace
) -> dict:
    """Train in a mode and measure; return the JSON entry of the run."""
    cfg = demo_config(mode, data, work_dir, seed, args.num_images)
    hook = cfg.default_hooks.kmeans
    del cfg.default_hooks.knn_probe
    if args.epochs:
        cfg.train_cfg.max_epochs = args.epochs
        hook.start_epoch = args.epochs // 2
    if args.cold_interval and mode == 'bank':
        hook.cold_interval = args.cold_interval
    runner = Runner.from_cfg(cfg)
    twin = FaithfulTwin()
    runner.register_hook(twin, priority='LOWEST')
    runner.train()
    parts = [
        dataset_features(runner.model, cfg[part], part, num_workers=0)[:2]
        for part in ('knn_gallery', 'knn_queries')
    ]
    figures = measure_arm(*parts[0], *parts[1], hook.num_prototypes)
    return dict(seed=seed, figures=figures) | twin.comparison


if __name__ == '__main__':
    main()
