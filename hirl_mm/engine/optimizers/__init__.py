"""Constructors of optimizer wrappers, and the steps of an optimizer."""
