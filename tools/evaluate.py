"""Judge a pre-trained backbone by every protocol that needs no training.

One pass over the training and the validation images keeps their features;
kNN, logistic regression, clustering, and what a taxonomy, a tree of
prototypes or multi-label data allow run from there.
"""

import argparse
import os
import sys
import time
from functools import cache
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dist import init_dist, is_main_process

from hirl_mm.engine.cached_features import FeatureCache, feature_source
from hirl_mm.engine.dataset_features import evaluation_data
from hirl_mm.engine.labelled_data import class_names_of, labels_of
from hirl_mm.engine.pretrained import load_pretrained
from hirl_mm.evaluation.arm_results import ArmResults, results_table
from hirl_mm.evaluation.frozen_protocols import (
    FrozenData,
    evaluate_clustering,
    evaluate_knn,
)
