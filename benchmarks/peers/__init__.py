"""Rivals that do the same work as longplay, each in its fastest known form: ``python -m benchmarks.peers``."""
