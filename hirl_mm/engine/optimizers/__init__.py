"""Constructors of optimizer wrappers, and access to optimizer steps."""
