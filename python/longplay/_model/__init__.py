"""A model folder, opened."""
