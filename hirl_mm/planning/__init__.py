"""Planning a training from a folder of images and a machine."""
