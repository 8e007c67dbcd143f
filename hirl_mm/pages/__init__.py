"""Static HTML pages of values, which open from disk without a server."""
