# A run of seconds through MoCo v3.
_base_ = ['../_base_/digits_4e.py', '../_base_/models/mocov3_vit-4x64-p8.py']
