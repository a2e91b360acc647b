"""What music is like, real or made, in figures; `training.evaluate` is the command. Nothing here needs torch."""
