"""Train the models that longplay ships. This needs the extra ``[train]``; README.md in this folder explains it."""
