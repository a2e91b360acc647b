"""A local listening contest: two clips, one vote, a ranking. See ``docs/arena.md``.

`server`, `app`, `handlers` and `guard` need the extra ``[arena]``. The modules that store and count votes do not.
"""
