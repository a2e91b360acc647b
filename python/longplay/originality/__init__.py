"""Comparison of a piece with a training set; see ``docs/originality.md``.

>>> from longplay import originality
>>> index = originality.Index.open("training.index")
>>> print(originality.compare("hour.mid", index).verdict)
"""

from longplay.originality.compare import compare
from longplay.originality.index import Index, IndexSettings
from longplay.originality.line import Line
from longplay.originality.melody import melody
from longplay.originality.report import Originality, Passage, Quotation, WindowPair
from longplay.originality.training_files import TrainingFile, training_files

__all__ = [
    "Index",
    "IndexSettings",
    "Line",
    "Originality",
    "Passage",
    "Quotation",
    "TrainingFile",
    "WindowPair",
    "compare",
    "melody",
    "training_files",
]
