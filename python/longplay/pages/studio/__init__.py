"""A page to play with: give a seed, hear the answer while it is made, change and download it. See ``docs/studio.md``.

`app` and `work` need the extra ``[studio]``. The other modules do not.
"""
