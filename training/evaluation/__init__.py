"""Measure real and generated music, for the command `training.evaluate`. Nothing here needs torch."""
