"""From the files of public data sets to lists of images and labels."""
