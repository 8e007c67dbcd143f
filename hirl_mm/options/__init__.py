"""Options that the command lines of several tools share."""

from .config_options import add_config_options, option_value
from .running import run_tool, sentence
from .shared import (
    add_draw_options,
    add_hierarchy_options,
    add_launcher,
    add_reading_options,
    add_tree_options,
    add_trust_option,
    prototype_name,
)
from .studies import add_study_options
from .tool_parser import ToolParser

__all__ = [
    'ToolParser',
    'add_config_options',
    'add_draw_options',
    'add_hierarchy_options',
    'add_launcher',
    'add_reading_options',
    'add_study_options',
    'add_tree_options',
    'add_trust_option',
    'option_value',
    'prototype_name',
    'run_tool',
    'sentence',
]
