"""Local web pages: the arena and the studio. See ``docs/arena.md`` and ``docs/studio.md``.

`guard`, `server` and `site` are common to both pages, and need the extra ``[arena]`` or ``[studio]``.
"""
