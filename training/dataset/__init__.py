"""From a folder of MIDI files to arrays of notes: what `training.prepare` does, step by step.

``files`` finds them, ``reading`` reads one, ``similarity`` finds copies, ``splits`` keeps a work on one side, ``keys``
estimates keys, ``card`` tells what came out.
"""
