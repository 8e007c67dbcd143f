"""Converting a folder to shards on the command line, and training on them."""

from dataclasses import replace

import torch

from hirl_mm.checkpoints.trees import load_tree
from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.shards.conversion import convert
from hirl_mm.engine.features.fingerprint import data_identity
from hirl_mm.engine.features.tree_images import images_in_folder
from hirl_mm.visualization import draw_semantic_tree
from tests.colour_folders import write_colours
from tests.runs import run, small_config
from tests.tool_process import run_tool

TOOL = 'dataset_converters/shards'


def test_conversion(tmp_path):
    folder = write_colours(tmp_path / 'train')
    out = tmp_path / 'out'
    options = folder, '--out', out, '--images-per-shard', 5
    done = run_tool(TOOL, *options)
    assert done.returncode == 0, done.stdout
    assert done.stdout == f'{out}: 12 images in 3 shards\n'
    done = run_tool(TOOL, *options, '--check')
    line = f'{out}: 12 images in 3 shards, all equal to the files\n'
    assert (done.returncode, done.stdout) == (0, line)
    (folder / 'a/0.png').write_bytes(b'other')
    done = run_tool(TOOL, *options, '--check')
    assert done.returncode == 1
    assert done.stdout.startswith(f'error: {folder}/a/0.png has changed')


def test_training_is_the_same(digits, tmp_path):
    """Losses to the bit, trees, and a resumption on the shards of files."""
    shards = tmp_path / 'shards'
    for split in 'train', 'val':
        convert(digits / split, shards / split, images_per_shard=400)
    losses, trees = {}, {}
    for name, data in dict(files=digits, shards=shards).items():
        cfg = small_config(data, tmp_path / name)
        runner = run(cfg)
        history = runner.message_hub.get_scalar('train/loss').data[0]
        losses[name] = history.tolist()
        trees[name] = load_tree(tmp_path / name / 'epoch_2.pth')
    assert losses['files'] == losses['shards']
    files, of_shards = trees.values()
    assert files.data == of_shards.data
    assert (files.leaf == of_shards.leaf).all()

    cfg = small_config(shards, tmp_path / 'files', epochs=3)
    cfg.resume = True
    resumed = run(cfg)
    assert resumed.epoch == 3


def test_a_tree_of_files_is_drawn_with_shards(tmp_path):
    """The same picture, of the same images."""
    folder = write_colours(tmp_path / 'files')
    convert(folder, tmp_path / 'shards', images_per_shard=5)
    dataset = FolderImages(data_root=str(folder))
    tree = hierarchical_kmeans(torch.randn(12, 4), (4, 2))
    tree = replace(tree, data=data_identity(dataset))
    tree.save(tmp_path / 'tree.pth')
    for kind in 'files', 'shards':
        found = images_in_folder(tree, tmp_path / kind)
        draw_semantic_tree(tree, out=tmp_path / f'{kind}.png', **found)
    done = run_tool(
        *('visualize_tree', tmp_path / 'tree.pth'),
        *('--data', tmp_path / 'shards', '--out', tmp_path / 'tool.png'),
    )
    assert done.returncode == 0, done.stdout
    assert 'checked' not in done.stdout
    pictures = [
        (tmp_path / f'{name}.png').read_bytes()
        for name in ('files', 'shards', 'tool')
    ]
    assert pictures[0] == pictures[1] == pictures[2]
