"""Pictures of music, and the features that compare it with real music."""
