"""Pictures of music, and features that compare it with real music."""
