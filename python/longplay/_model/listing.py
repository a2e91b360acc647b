"""What is known of models without opening them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longplay._model.folder import load_model
from longplay._model.opened import built_in_models
from longplay._model.vocabulary import size_of_vocabulary


@dataclass(frozen=True)
class ListedModel:
    """A model folder in a list.

    Attributes
    ----------
    name : str
        The name to open it by: that of a built-in model, or the folder.
    plays : str
        What its events are.
    bytes : int
        Size of the files of the model contract.
    licence : str
        As its README.md says it in a line that begins with ``**Licence**:``; "unknown" if it does not.
    """

    name: str
    plays: str
    bytes: int
    licence: str


def list_models(folders: Iterable[Path]) -> list[ListedModel]:
    """Return the built-in models, then the models in folders.

    Raises
    ------
    ModelError
        A folder breaks the model contract; the message names the file and the entry.
    """
    built_in = [_listed(path.name, path) for path in built_in_models()]
    return built_in + [_listed(str(path), path) for path in folders]


def _listed(name: str, path: Path) -> ListedModel:
    folder = load_model(path)
    size = sum(file.stat().st_size for file in [path / "config.json", *path.glob("*.onnx")])
    return ListedModel(name, _plays(folder.config), size, _licence(path / "README.md"))


def _plays(config: Mapping[str, Any]) -> str:
    if "vocabulary" in config:
        types = ", ".join(one["name"] for one in config["vocabulary"]["types"])
        return f"{size_of_vocabulary(config['vocabulary'])} tokens: {types}"
    pitches = [field for field in config["fields"] if field["name"] == "pitch"]
    return f"notes of {pitches[0]['size']} pitches" if pitches else "tokens without a vocabulary"


def _licence(card: Path) -> str:
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    found = re.search(r"^\*\*Licence\*\*: ([^\n,]+)", text, re.MULTILINE)
    return found[1].rstrip(".") if found else "unknown"
