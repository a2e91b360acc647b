"""Measurement of longplay's speed on this machine: ``longplay bench``."""
