# Hooks and environment of detectors on real data sets.
_base_ = '../../_base_/runtime.py'

default_scope = 'mmdet'
visualizer = dict(type='mmdet.DetLocalVisualizer')
