"""Command lines of the tools: missing files, words where numbers belong."""

from tests.test_bad_input.case import cases


def command(tool, *words):
    """A command line in which ``{sound.config}`` and so on are filled in."""

    def make(sound, folder):
        return tool, *(w.format(sound=sound, folder=folder) for w in words)

    return make


TRAIN = 'train', '{sound.config}', '--work-dir', '{folder}/run'
EVALUATE = 'evaluate', '{sound.config}', '{sound.checkpoint}'
READ = '--num-workers', '0', '--batch-size', '8'
TABLE = {
    'no config': (
        'train',
        (
            'the following arguments are required: config (--help shows '
            'all options)'
        ),
    ),
    'no such config': (
        'train',
        '{folder}/gone.py',
        'there is no config file ~/gone.py (--help shows all options)',
    ),
    'folder for a config': (
        'train',
        '{folder}',
        'there is no config file ~ (--help shows all options)',
    ),
    'misspelt option': (
        *TRAIN,
        '--recume',
        'unrecognized arguments: --recume (--help shows all options)',
    ),
    'resume and overwrite': (
        *TRAIN,
        '--resume',
        '--overwrite',
        (
            'argument --overwrite: not allowed with argument --resume '
            '(--help shows all options)'
        ),
    ),
    'mixed precision on a CPU': (
        *TRAIN,
        '--amp',
        '--amp needs an accelerator, and PyTorch finds none',
    ),
    'unknown launcher': (
        *TRAIN,
        '--launcher',
        'foo',
        (
            "argument --launcher: invalid choice: 'foo' (choose from "
            "'none', 'pytorch', 'slurm', 'mpi') (--help shows all options)"
        ),
    ),
    'torchrun without its variables': (
        *TRAIN,
        '--launcher',
        'pytorch',
        (
            '--launcher pytorch, but the environment has no RANK, '
            'WORLD_SIZE, MASTER_ADDR, MASTER_PORT: start the processes '
            'with tools/dist_train.sh or torchrun, or a single one without '
            '--launcher'
        ),
    ),
    'Slurm without its variables': (
        *TRAIN,
        '--launcher',
        'slurm',
        (
            '--launcher slurm, but the environment has no RANK, '
            'WORLD_SIZE, MASTER_ADDR, MASTER_PORT: start the processes '
            'with tools/slurm_train.sh, or a single one without --launcher'
        ),
    ),
    'MPI without its variables': (
        *TRAIN,
        '--launcher',
        'mpi',
        (
            '--launcher mpi, but the environment has no RANK, WORLD_SIZE, '
            'MASTER_ADDR, MASTER_PORT: start the processes with mpirun, or '
            'a single one without --launcher'
        ),
    ),
    'file for a work folder': (
        *('train', '{sound.config}', '--work-dir', '{sound.config}'),
        (
            'the work folder SOUND/config.py cannot be made, because '
            'SOUND/config.py is a file: choose another folder (--work-dir)'
        ),
    ),
    'work folder in a file': (
        *('train', '{sound.config}', '--work-dir', '{sound.config}/run'),
        (
            'the work folder SOUND/config.py/run cannot be made, because '
            'SOUND/config.py is a file: choose another folder (--work-dir)'
        ),
    ),
    'work folder of another run': (
        *('train', '{sound.config}', '--work-dir', '{sound.run}'),
        (
            'SOUND/run holds 3 files of another run (epoch_1.pth, '
            'last_checkpoint, prototype_trees/epoch_1.pth), and this run '
            'would mix its own with them. To go on with that run, resume '
            'it (--resume). To start a new run, choose another folder '
            '(--work-dir), or delete these files (--overwrite, in a config '
            'default_hooks.work_folder.overwrite=True)'
        ),
    ),
    'test without data': (
        'test',
        '{sound.config}',
        '{sound.checkpoint}',
        (
            'SOUND/config.py has neither test nor validation data. For the '
            'features of a pre-training, use tools/evaluate.py'
        ),
    ),
    'test of no checkpoint': (
        'test',
        '{sound.linear}',
        'gone.pth',
        'there is no file gone.pth (--help shows all options)',
    ),
    'evaluation of nothing': (
        'evaluate',
        '{sound.config}',
        (
            'one of the arguments checkpoint --random-init is required '
            '(--help shows all options)'
        ),
    ),
    'tree of a folder in place of a config': (
        *('visualize_tree', '{sound.tree}', '--config', '{sound.run}'),
        (
            'SOUND/run is a folder, not a config: give a config file, such '
            'as the .py file in the work folder of a training'
        ),
    ),
    'picture of a run in place of its tree': (
        *('visualize_tree', '{sound.run}', '--data', '{sound.data}'),
        (
            'SOUND/run is a folder: give a checkpoint (epoch_*.pth) or a '
            'tree file in it'
        ),
    ),
    'folder recipe of a config': (
        *('pretrain_folder', '{sound.config}'),
        (
            "'SOUND/config.py' is a config, not a folder or list of images: "
            'tools/train.py trains with a config'
        ),
    ),
    'evaluation without a config': (
        *('evaluate', 'gone.py', '{sound.checkpoint}'),
        'there is no config file gone.py',
    ),
    'evaluation of a missing checkpoint': (
        *('evaluate', '{sound.config}', '{folder}/gone.pth'),
        "[Errno 2] No such file or directory: '~/gone.pth'",
    ),
    'batches of nothing': (
        *EVALUATE,
        '--batch-size',
        '0',
        (
            'argument --batch-size: expected a whole number of at least 1, '
            "got '0' (--help shows all options)"
        ),
    ),
    'batches of a word': (
        *EVALUATE,
        '--batch-size',
        'big',
        (
            'argument --batch-size: expected a whole number of at least 1, '
            "got 'big' (--help shows all options)"
        ),
    ),
    'workers below zero': (
        *EVALUATE,
        '--num-workers',
        '-1',
        (
            'argument --num-workers: expected a whole number of at least '
            "0, got '-1' (--help shows all options)"
        ),
    ),
    'unknown data set': (
        *('extract_features', *EVALUATE[1:], '--out', '{folder}/f.pth'),
        *('--data', 'train'),
        (
            "argument --data: invalid choice: 'train' (choose from "
            "'knn_gallery', 'knn_queries') (--help shows all options)"
        ),
    ),
    'export to an unknown library': (
        *('model_converters/export_backbone', '{sound.checkpoint}'),
        *('--to', 'keras', '--out', '{folder}/x'),
        (
            "argument --to: invalid choice: 'keras' (choose from "
            "'torchvision', 'timm', 'huggingface') (--help shows all "
            'options)'
        ),
    ),
    'export with a wrong suffix': (
        *('model_converters/export_backbone', '{sound.checkpoint}'),
        *('--to', 'timm', '--out', '{folder}/x.pth'),
        'timm needs a file that ends in .safetensors, got ~/x.pth',
    ),
    'import over itself': (
        *('model_converters/import_checkpoint', '{sound.checkpoint}'),
        *('--out', '{sound.checkpoint}'),
        (
            '--out is the checkpoint itself; give another path (--help '
            'shows all options)'
        ),
    ),
    'no such prototype': (
        *('retrieve', '{sound.run}', '--prototype', '0:99', *READ),
        'node must lie in [0, 6), the prototypes of level 0, got 99',
    ),
    'no such level': (
        *('retrieve', '{sound.run}', '--prototype', '9:0', *READ),
        'level must lie in [0, 3), got 9',
    ),
    'prototype that is a word': (
        *('retrieve', '{sound.run}', '--prototype', 'a'),
        (
            'argument --prototype: expected LEVEL:NODE, such as 0:17, got '
            "'a' (--help shows all options)"
        ),
    ),
    'no such image': (
        'assign',
        '{sound.run}',
        'gone.jpg',
        *READ,
        'there is no image or folder gone.jpg',
    ),
    'records of an unknown format': (
        *('assign', '{sound.run}', '--out', '{folder}/p.xls', *READ),
        '~/p.xls must end in .jsonl (JSON lines) or .parquet',
    ),
    'folder without a run': (
        'assign',
        '{sound.data}',
        *READ,
        (
            'SOUND/data holds no run: the config that tools/train.py saves '
            'is missing. Give the --work-dir of a training'
        ),
    ),
    'nothing to curate': (
        'curate',
        '{sound.run}',
        '--num',
        '0',
        *READ,
        (
            'there is nothing to do: give a number of images, of outliers, '
            'or a threshold of near duplicates'
        ),
    ),
    'more than there are': (
        'curate',
        '{sound.run}',
        '--num',
        '99',
        *READ,
        (
            '99 images cannot be taken from the 24 images that have a '
            'leaf: take between 0 and 24'
        ),
    ),
    'no image of a leaf': (
        *('visualize_tree', '{sound.tree}', '--data', '{sound.data}/train'),
        *(
            '--members-per-leaf',
            '0',
            'members_per_leaf must lie in [1, 20], got 0',
        ),
    ),
    'no table of neighbours': (
        'visualize_neighbors',
        '{sound.run}',
        (
            'SOUND/run holds no table of neighbours '
            '(neighbors/epoch_*.pth): give the work folder of a run that '
            'has searched neighbours'
        ),
    ),
    'arm without a checkpoint': (
        *('sweep', '{sound.linear}', '--arms', 'a', '--lr', '0.1'),
        *('--work-dir', '{folder}'),
        (
            '--arms takes words of the form NAME=CHECKPOINT with different '
            "names, got ['a']"
        ),
    ),
    'arm with a missing checkpoint': (
        *('sweep', '{sound.linear}', '--arms', 'a=gone.pth', '--lr', '0.1'),
        *('--work-dir', '{folder}'),
        'there is no checkpoint gone.pth for a',
    ),
    'grid of words': (
        *('sweep', '{sound.linear}', '--arms', 'a=b', '--lr', 'fast'),
        *('--work-dir', '{folder}'),
        (
            "argument --lr: invalid float value: 'fast' (--help shows all "
            'options)'
        ),
    ),
    'run without times': (
        'epoch_time',
        '{sound.data}',
        (
            'SOUND/data holds no times of finished epochs. Train with '
            '--cfg-options '
            'default_hooks.epoch_time.type=hirl_mm.EpochTimeHook, and give '
            'the --work-dir of the run'
        ),
    ),
    'no study file': (
        'study',
        '{folder}/gone.py',
        '--work-dir',
        '{folder}',
        'there is no study file ~/gone.py',
    ),
    'folder of no images': (
        'pretrain_folder',
        '{folder}/gone',
        '--plan',
        (
            "there is no folder or list '~/gone': give a folder of images, "
            'a folder of shards, or a text file with one image per line'
        ),
    ),
}
CASES = cases(command, TABLE)
