"""From settings to jobs of the core."""
