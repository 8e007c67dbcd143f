"""Reading images, from files of their own and from shards."""
