"""An hour of piano that answers a seed: a sampling engine for symbolic music."""
