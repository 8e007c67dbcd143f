from mmengine.dataset import BaseDataset


def check_masks(dataset: BaseDataset) -> None:
    """Check that every annotated object of a data set has a mask.

    Args:
        dataset: A ``CocoDataset`` of MMDetection.

    Raises:
        ValueError: If an object has no mask.
    """
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if all('mask' in instance for instance in info['instances']):
            continue
        raise ValueError(
            f'{dataset.ann_file} has an object without a mask (in image '
            f"{info['img_id']}: no 'segmentation'), but the detector learns "
            "masks. Use COCO's instances_*.json, or use the config of a "
            'Faster R-CNN, which needs boxes only'
        )
