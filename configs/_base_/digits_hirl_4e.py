# What HIRL adds to a run of seconds on the digits, whatever the method: two
# epochs without the tree and two with it. A leaf config gives the class of
# the method and refers to these two.
_base_ = 'digits_kmeans_hook.py'

kmeans_hook = dict(start_epoch=2)
spd_head = dict(type='hirl_mm.SPDHead', num_levels=3, num_negatives=100)
