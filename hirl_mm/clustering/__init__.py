from .hierarchical import check_num_prototypes, hierarchical_kmeans
from .kmeans import kmeans

__all__ = ['check_num_prototypes', 'hierarchical_kmeans', 'kmeans']
