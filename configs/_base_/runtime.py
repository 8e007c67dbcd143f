# Hooks and environment of a run whose config inherits none of MMPreTrain's.
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='hirl_mm.DurableCheckpointHook',
        interval=10,
        max_keep_ckpts=3,
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    dataset_check=dict(type='hirl_mm.DatasetCheckHook'),
    work_folder=dict(type='hirl_mm.WorkFolderHook'),
    start_check=dict(type='hirl_mm.StartCheckHook'),
    position_seed=dict(type='hirl_mm.PositionSeedHook'),
    resume_position=dict(type='hirl_mm.ResumePositionHook'),
    accumulated_gradients=dict(type='hirl_mm.AccumulatedGradientsHook'),
    throughput=dict(type='hirl_mm.ThroughputHook'),
    stop_signal=dict(type='hirl_mm.StopSignalHook'),
    bad_batch=dict(type='hirl_mm.BadBatchHook'),
    dead_prototypes=dict(type='hirl_mm.DeadPrototypesHook'),
    rank_watch=dict(type='hirl_mm.RankWatchHook'),
    training_images=dict(type='hirl_mm.TrainingImagesHook'),
)
# Empty, for configs that add to their base's list.
custom_hooks = []
env_cfg = dict(
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(
    type='mmpretrain.UniversalVisualizer', vis_backends=vis_backends
)
