"""Conversion of public data sets' files to lists of images and labels."""
