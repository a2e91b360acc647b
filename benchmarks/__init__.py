"""Figures that the documentation states, and the commands that give them."""
