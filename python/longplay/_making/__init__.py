"""From settings to tasks of the core."""
