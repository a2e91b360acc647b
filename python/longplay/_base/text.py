"""Names of files as text that can be shown."""

import os
import unicodedata


def readable(name: str) -> str:
    """Return a name in Unicode: U+FFFD replaces bytes that are not UTF-8, which cannot be stored or drawn."""
    return os.fsencode(name).decode("utf-8", "replace")


def reason(error: Exception) -> str:
    """Return what an error says, as part of a sentence. A `KeyError` says only the key that is missing."""
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def one_line(text: str) -> str:
    """Return a text for a terminal: escapes replace line breaks and other control characters of names.

    Bytes of names that are not UTF-8 stay: they are surrogates, and the stream knows how to show them.
    """
    return "".join(
        letter if letter.isprintable() or unicodedata.category(letter) == "Cs" else ascii(letter)[1:-1]
        for letter in text
    )


def drawable(text: str) -> str:
    """Return a text with names as matplotlib draws it: dollar signs begin no formula."""
    return readable(text).replace("$", r"\$")
