"""The challenge: its grader, and files that the grader accepts. See ``docs/challenge.md``."""
