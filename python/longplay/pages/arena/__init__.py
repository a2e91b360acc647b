"""A local listening contest: two clips, one vote, a ranking. See ``docs/arena.md``.

`app` and `handlers` need the extra ``[arena]``. The other modules do not.
"""
