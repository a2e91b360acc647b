"""The challenge an hour is made for: its grader, and files that pass it."""
