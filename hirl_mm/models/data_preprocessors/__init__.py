"""Data preprocessors, registered with MMEngine."""

from .device_views import DeviceViews

__all__ = ['DeviceViews']
