"""Models that other programs trained, as model folders."""
