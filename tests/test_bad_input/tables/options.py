"""Options of tools/train.py: --cfg-options that are misspelt or misfit."""

from tests.test_bad_input.case import cases

# Names of the hooks of a pre-training.
HOOKS = (
    'accumulated_gradients, bad_batch, checkpoint, dataset_check, '
    'dead_prototypes, kmeans, logger, '
    'param_scheduler, position_seed, rank_watch, resume_position, '
    'sampler_seed, start_check, stop_signal, throughput, timer, '
    'training_images, work_folder, loaded_weights'
)


def option(*options):
    def make(sound, folder):
        words = '--work-dir', folder / 'run', '--cfg-options', *options
        return 'train', sound.config, *words

    return make


NAMES = {
    'no equals sign': (
        'lr',
        '0.1',
        (
            '--cfg-options takes words of the form KEY=VALUE, without '
            "spaces around =, got 'lr' (--help shows all options)"
        ),
    ),
    'no key': (
        '=3',
        (
            '--cfg-options takes words of the form KEY=VALUE, without '
            "spaces around =, got '=3' (--help shows all options)"
        ),
    ),
    'misspelt group': (
        'trian_cfg.max_epochs=3',
        (
            'trian_cfg.max_epochs: the config has no trian_cfg. Did you '
            'mean train_cfg.max_epochs?'
        ),
    ),
    'misspelt key': (
        'train_cfg.max_epoch=3',
        (
            'train_cfg.max_epoch: train_cfg (EpochBasedTrainLoop) has no '
            'max_epoch. Did you mean train_cfg.max_epochs?'
        ),
    ),
    'key without its group': (
        'lr=0.1',
        ('lr: the config has no lr. Did you mean optim_wrapper.optimizer.lr?'),
    ),
    'length without its group': (
        'max_epochs=3',
        (
            'max_epochs: the config has no max_epochs. Did you mean '
            'train_cfg.max_epochs?'
        ),
    ),
    'variable of the file': (
        'data_root=elsewhere',
        (
            'data_root: it is a variable of the config file, which has '
            'been read. Give train_dataloader.dataset.data_root instead'
        ),
    ),
    'misspelt key of the optimizer': (
        'optim_wrapper.optimizer.lrr=1',
        (
            'optim_wrapper.optimizer.lrr: optim_wrapper.optimizer (AdamW) '
            'has no lrr. Did you mean optim_wrapper.optimizer.lr?'
        ),
    ),
    'misspelt group of the optimizer': (
        'optim_wrapper.optimiser.lr=1',
        (
            'optim_wrapper.optimiser.lr: optim_wrapper (OptimWrapper) has '
            'no optimiser. Did you mean optim_wrapper.optimizer.lr?'
        ),
    ),
    'misspelt key of a loader': (
        'train_dataloader.batchsize=8',
        (
            'train_dataloader.batchsize: train_dataloader has no '
            'batchsize. Did you mean train_dataloader.batch_size?'
        ),
    ),
    'unknown key of randomness': (
        'randomness.speed=8',
        (
            'randomness.speed: randomness has no speed. Did you mean '
            'randomness.seed?'
        ),
    ),
    'misspelt key of a data set': (
        'train_dataloader.dataset.dataroot=x',
        (
            'train_dataloader.dataset.dataroot: train_dataloader.dataset '
            '(hirl_mm.FolderImages) has no dataroot. Did you mean '
            'train_dataloader.dataset.data_root?'
        ),
    ),
    'misspelt key of a transform': (
        'train_dataloader.dataset.pipeline.0.ignore_emty=True',
        (
            'train_dataloader.dataset.pipeline.0.ignore_emty: '
            'train_dataloader.dataset.pipeline.0 (hirl_mm.LoadImage) has '
            'no ignore_emty. Did you mean '
            'train_dataloader.dataset.pipeline.0.ignore_empty?'
        ),
    ),
    'misspelt key of a sampler': (
        'train_dataloader.sampler.shuffel=True',
        (
            'train_dataloader.sampler.shuffel: train_dataloader.sampler '
            '(DefaultSampler) has no shuffel. Did you mean '
            'train_dataloader.sampler.shuffle?'
        ),
    ),
    'misspelt key of a backbone': (
        'model.backbone.dept=18',
        (
            'model.backbone.dept: model.backbone (ResNet) has no dept. Did '
            'you mean model.backbone.depth?'
        ),
    ),
    'misspelt key of a head': (
        'model.spd_head.num_level=3',
        (
            'model.spd_head.num_level: model.spd_head (hirl_mm.SPDHead) '
            'has no num_level. Did you mean model.spd_head.num_levels?'
        ),
    ),
    'misspelt key of a model': (
        'model.queue_length=32',
        (
            'model.queue_length: model (hirl_mm.HIRLMoCo) has no '
            'queue_length. Did you mean model.queue_len?'
        ),
    ),
    'misspelt hook': (
        'default_hooks.kmean.mode=bank',
        (
            'default_hooks.kmean.mode: the config has no hook named kmean, '
            f'but {HOOKS}. Correct the name, or give '
            'default_hooks.kmean.type to add a hook'
        ),
    ),
    'misspelt hook to remove': (
        'default_hooks.kmean=None',
        (
            'default_hooks.kmean: the config has no hook named kmean, but '
            f'{HOOKS}. Correct the name, or give '
            'default_hooks.kmean.type to add a hook'
        ),
    ),
    'misspelt key of a hook': (
        'default_hooks.kmeans.mod=bank',
        (
            'default_hooks.kmeans.mod: default_hooks.kmeans '
            '(hirl_mm.HierarchicalKMeansHook) has no mod. Did you mean '
            'default_hooks.kmeans.mode?'
        ),
    ),
    'misspelt key of a schedule': (
        'param_scheduler.0.begn=1',
        (
            'param_scheduler.0.begn: param_scheduler.0 (CosineAnnealingLR) '
            'has no begn. Did you mean param_scheduler.0.begin?'
        ),
    ),
    'misspelt seed': (
        'randomness.sed=1',
        (
            'randomness.sed: randomness has no sed. Did you mean '
            'randomness.seed?'
        ),
    ),
    'no such entry of a list': (
        'param_scheduler.5.end=1',
        (
            'param_scheduler.5.end: param_scheduler is a list of 1, '
            'counted from 0, and has no 5'
        ),
    ),
    'no such custom hook': (
        'custom_hooks.0.mode=bank',
        (
            'custom_hooks.0.mode: custom_hooks has no entry 0. The hooks '
            'of hirl_mm have names, in this config kmeans. Fix with: '
            'default_hooks.NAME.mode=VALUE'
        ),
    ),
    'key inside a number': (
        'train_cfg.max_epochs.x=1',
        (
            'train_cfg.max_epochs.x: train_cfg.max_epochs is 1 and has '
            'nothing inside. Give a value for train_cfg.max_epochs itself'
        ),
    ),
}
VALUES = {
    'rate that is a word': (
        'optim_wrapper.optimizer.lr=fast',
        (
            'optim_wrapper.optimizer.lr must be a number of at least 0, '
            "got 'fast'"
        ),
    ),
    'rate below zero': (
        'optim_wrapper.optimizer.lr=-0.1',
        (
            'optim_wrapper.optimizer.lr must be a number of at least 0, '
            'got -0.1'
        ),
    ),
    'rate of NaN': (
        'optim_wrapper.optimizer.lr=nan',
        ('optim_wrapper.optimizer.lr must be a number of at least 0, got nan'),
    ),
    'decay that is a word': (
        'optim_wrapper.optimizer.weight_decay=none',
        (
            'optim_wrapper.optimizer.weight_decay must be a number of at '
            "least 0, got 'none'"
        ),
    ),
    'length that is a word': (
        'train_cfg.max_epochs=ten',
        (
            'train_cfg.max_epochs must be a whole number of at least 0, '
            "got 'ten'"
        ),
    ),
    'no epoch': (
        'train_cfg.max_epochs=0',
        (
            'train_cfg.max_epochs=0 is a training without a step: set it '
            'to at least 1'
        ),
    ),
    'negative length': (
        'train_cfg.max_epochs=-1',
        ('train_cfg.max_epochs must be a whole number of at least 0, got -1'),
    ),
    'no loop': (
        'train_cfg=None',
        (
            'SOUND/config.py has no train_cfg: add it, or inherit it from '
            'another config by _base_'
        ),
    ),
    'no model': (
        'model=None',
        (
            'SOUND/config.py has no model: add it, or inherit it from '
            'another config by _base_'
        ),
    ),
    'no optim_wrapper': (
        'optim_wrapper=None',
        (
            'SOUND/config.py has no optim_wrapper: add it, or inherit it '
            'from another config by _base_'
        ),
    ),
    'no optimizer': (
        'optim_wrapper.optimizer=None',
        (
            'optim_wrapper has no optimizer: add one, such as '
            "optimizer=dict(type='SGD', lr=0.03)"
        ),
    ),
    'loader that is a number': (
        'train_dataloader=5',
        'train_dataloader must be a dict, got 5',
    ),
    'no data set': (
        'train_dataloader.dataset=None',
        'train_dataloader.dataset must be a dict, got None',
    ),
    'seed that is a word': (
        'randomness.seed=abc',
        ("randomness.seed must be a whole number of at least 0, got 'abc'"),
    ),
    'randomness that is a number': (
        'randomness=5',
        'randomness must be a dict, got 5',
    ),
    'unknown log level': (
        'log_level=LOUD',
        (
            'log_level must be one of DEBUG, INFO, WARNING, ERROR, '
            "CRITICAL, got 'LOUD'"
        ),
    ),
    'hooks that are a number': (
        'custom_hooks=5',
        'custom_hooks must be a list, got 5',
    ),
    'hook that is a number': (
        'default_hooks.kmeans=5',
        'default_hooks.kmeans must be a dict, got 5',
    ),
    'interval that is a word': (
        'default_hooks.checkpoint.interval=often',
        (
            'default_hooks.checkpoint.interval must be a whole number, got '
            "'often'"
        ),
    ),
    'schedule of words': (
        'param_scheduler.0.T_max=long',
        "param_scheduler.0.T_max must be a number, got 'long'",
    ),
    'schedules that are a number': (
        'param_scheduler=5',
        'param_scheduler must be a list of dicts, got 5',
    ),
    'unknown place of the views': (
        'views=gpu',
        (
            "views must be 'cpu' or 'device', got 'gpu': where the views "
            'of images are made'
        ),
    ),
    'no batch': (
        'train_dataloader.batch_size=0',
        (
            'train_dataloader.batch_size must be a whole number of at '
            'least 1, got 0'
        ),
    ),
    'batch that is a word': (
        'train_dataloader.batch_size=big',
        (
            'train_dataloader.batch_size must be a whole number of at '
            "least 1, got 'big'"
        ),
    ),
    'negative workers': (
        'train_dataloader.num_workers=-1',
        (
            'train_dataloader.num_workers must be a whole number of at '
            'least 0, got -1'
        ),
    ),
    'kept workers without workers': (
        'train_dataloader.persistent_workers=True',
        (
            'train_dataloader.persistent_workers=True needs worker '
            'processes, but train_dataloader.num_workers is 0: set '
            'train_dataloader.persistent_workers=False, or use workers'
        ),
    ),
    'batch larger than the data': (
        'train_dataloader.batch_size=25',
        (
            'the training has no step: its 24 images do not fill a batch '
            'of 25 images on each of 1 process(es), and '
            'train_dataloader.drop_last=True leaves out incomplete '
            'batches. Use more images, or train_dataloader.batch_size=24 '
            'or less'
        ),
    ),
    'batch that does not fit the queue': (
        'train_dataloader.batch_size=12',
        (
            'model.queue_len=32 must be a multiple of the 12 images of a '
            'step (12 on each of 1 process(es)): use model.queue_len=24 or '
            '36, or another train_dataloader.batch_size'
        ),
    ),
    'batch of one with batch norm': (
        'train_dataloader.batch_size=1',
        (
            'neck.bn0 is a batch normalisation and needs at least 2 images '
            'per batch, got 1: use train_dataloader.batch_size=2 or more'
        ),
    ),
    'queue of nothing': (
        'model.queue_len=0',
        (
            'model.queue_len=0 must be a multiple of the 8 images of a '
            'step (8 on each of 1 process(es)): use model.queue_len=8, or '
            'another train_dataloader.batch_size'
        ),
    ),
    'no such file to load': (
        'load_from=gone.pth',
        'there is no checkpoint gone.pth',
    ),
    'no file to load': (
        'load_from=',
        (
            'SOUND/config.py trains on from the weights of another '
            'training: give its checkpoint, --cfg-options load_from=FILE'
        ),
    ),
    'indices of nothing': (
        'train_dataloader.dataset.indices=0',
        (
            'FolderImages of train_dataloader holds no images: correct its '
            'data_root, ann_file, data_prefix or indices'
        ),
    ),
}
CLASSES = {
    'unknown model': (
        'model.type=hirl_mm.HIRLMoko',
        (
            'model.type: there is no model hirl_mm.HIRLMoko. Did you mean '
            'hirl_mm.HIRLMoCo?'
        ),
    ),
    'unknown backbone': (
        'model.backbone.type=ResNt',
        ('model.backbone.type: there is no model ResNt. Did you mean ResNet?'),
    ),
    'unknown head': (
        'model.head.type=ContrastHead',
        (
            'model.head.type: there is no model ContrastHead. Did you mean '
            'ContrastiveHead?'
        ),
    ),
    'unknown optimizer': (
        'optim_wrapper.optimizer.type=SGDD',
        (
            'optim_wrapper.optimizer.type: there is no optimizer SGDD. Did '
            'you mean SGD?'
        ),
    ),
    'unknown wrapper': (
        'optim_wrapper.type=AmpOptimWraper',
        (
            'optim_wrapper.type: there is no optimizer wrapper '
            'AmpOptimWraper. Did you mean AmpOptimWrapper?'
        ),
    ),
    'unknown data set': (
        'train_dataloader.dataset.type=FolderImage',
        (
            'train_dataloader.dataset.type: there is no dataset '
            'FolderImage. Did you mean hirl_mm.FolderImages?'
        ),
    ),
    'unknown transform': (
        'train_dataloader.dataset.pipeline.0.type=hirl_mm.LodImage',
        (
            'train_dataloader.dataset.pipeline.0.type: there is no '
            'transform hirl_mm.LodImage. Did you mean hirl_mm.LoadImage?'
        ),
    ),
    'unknown sampler': (
        'train_dataloader.sampler.type=DefaultSampel',
        (
            'train_dataloader.sampler.type: there is no data sampler '
            'DefaultSampel. Did you mean DefaultSampler?'
        ),
    ),
    'unknown hook': (
        'default_hooks.kmeans.type=hirl_mm.KMeans',
        (
            'default_hooks.kmeans.type: there is no hook hirl_mm.KMeans. '
            'Correct the name, or name the module that registers it in '
            'custom_imports'
        ),
    ),
    'unknown schedule': (
        'param_scheduler.0.type=CosineAnnealing',
        (
            'param_scheduler.0.type: there is no parameter scheduler '
            'CosineAnnealing. Did you mean CosineAnnealingLR?'
        ),
    ),
    'unknown loop': (
        'train_cfg.type=EpochLoop',
        (
            'train_cfg.type: there is no loop EpochLoop. Did you mean '
            'EpochBasedTrainLoop?'
        ),
    ),
    'loop that counts iterations': (
        'train_cfg.type=IterBasedTrainLoop',
        (
            'train_cfg (IterBasedTrainLoop) takes no max_epochs. Did you '
            'mean max_iters?'
        ),
    ),
    'plain method with a head of HIRL': (
        'model.type=MoCo',
        'model (MoCo) takes no spd_head. Did you mean head?',
    ),
}
HIRL = {
    'prototypes that do not decrease': (
        'default_hooks.kmeans.num_prototypes=(12,12,2)',
        (
            'num_prototypes must strictly decrease from fine to coarse and '
            'be positive, such as (30000, 10000, 1000), got (12, 12, 2)'
        ),
    ),
    'more prototypes than images': (
        'default_hooks.kmeans.num_prototypes=(97,4,2)',
        (
            'num_prototypes asks for 97 clusters of 24 images; use at most '
            '24, or 1 for as many images per cluster as on ImageNet'
        ),
    ),
    'prototypes of one number': (
        'default_hooks.kmeans.num_prototypes=5',
        (
            'num_prototypes must be whole numbers, one per level, such as '
            '(30000, 10000, 1000), got 5'
        ),
    ),
    'unknown mode': (
        'default_hooks.kmeans.mode=quick',
        "mode must be one of ['bank', 'faithful', 'fast'], got 'quick'",
    ),
    'unknown precision': (
        'default_hooks.kmeans.precision=tf64',
        "precision must be one of ('fp32', 'tf32', 'bf16'), got 'tf64'",
    ),
    'unknown backend': (
        'default_hooks.kmeans.backend=gpu',
        ("backend must be 'auto', 'torch', 'triton' or 'faiss', got 'gpu'"),
    ),
    'start after the end': (
        'default_hooks.kmeans.start_epoch=5',
        (
            'start_epoch=5 leaves no epoch with a tree in a training of '
            'max_epochs=1: lower start_epoch (the paper uses a tenth of '
            'the epochs)'
        ),
    ),
    'start that is a word': (
        'default_hooks.kmeans.start_epoch=late',
        (
            'start_epoch must be at least 0 and interval at least 1, got '
            "'late' and 1"
        ),
    ),
    'no restart': (
        'default_hooks.kmeans.num_restarts=0',
        (
            'num_restarts must be a number of at least 1, or one such '
            'number for each of the 3 levels, got (0, 0, 0)'
        ),
    ),
    'no negatives': (
        'model.spd_head.num_negatives=0',
        (
            'num_negatives must be at least 1, or None for all paths but '
            "the sample's own, got 0"
        ),
    ),
    'levels that differ': (
        'model.spd_head.num_levels=2',
        (
            'num_prototypes (6, 3, 2) makes a tree of 3 levels, but '
            'spd_head has num_levels=2: make them equal'
        ),
    ),
    'unknown reduction': (
        'model.spd_head.reduction=sum',
        "reduction must be one of ('official', 'paper'), got 'sum'",
    ),
}
CASES = [
    case
    for table in (NAMES, VALUES, CLASSES, HIRL)
    for case in cases(option, table)
]
