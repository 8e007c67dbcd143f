"""Listing the files of a folder once, and keeping the list."""
