"""The systems that the field is known for, each as a recipe of one command (docs/systems.md)."""
