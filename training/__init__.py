"""Trains the models that longplay ships. Needs the extra ``[train]``; see README.md here."""
