"""Turn a folder of MIDI files into arrays of notes: the steps of `training.prepare`.

``files`` lists the files, ``reading`` reads one, ``similarity`` finds copies, ``splits`` assigns each work to a split,
``keys`` estimates keys, and ``card`` reports the result.
"""
