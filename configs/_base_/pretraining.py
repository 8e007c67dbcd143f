# What every pre-training on ImageNet changes in the MMPreTrain config that it
# inherits, for leaf configs to refer to.
_base_ = 'knn_imagenet.py'

# MMEngine adds a scope to every dict of a base in another package; its own
# default_collate accepts no such argument.
collate_fn = dict(type='hirl_mm.default_collate')
pretraining_hooks = dict(
    checkpoint=dict(type='hirl_mm.DurableCheckpointHook'),
    knn_probe=_base_.knn_probe,
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
