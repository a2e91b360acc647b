"""A listening contest on this machine: two clips, one vote, a ranking. See ``docs/arena.md``.

`server` and `app` need the extra ``[arena]``; what keeps and counts votes does not.
"""
