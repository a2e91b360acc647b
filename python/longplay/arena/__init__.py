"""A listening contest on this machine: two clips, one vote, a ranking. See ``docs/arena.md``.

Needs the extra ``[arena]``; nothing else of longplay imports this package.
"""
