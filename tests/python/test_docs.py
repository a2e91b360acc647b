"""The documents are plain, short and linked. tests/python/test_docs_facts.py compares what they state with the code."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The first documents, whose length is limited so that they stay free of repetition. A part of one has moved to
# functions.md.
CORE = "architecture arena challenge cuda farm midi model-contract originality pieces rendering sampling streaming"
CORE += " tokenizer"
MOST_WORDS, MOVED_WORDS = 10_100, 330
FOLDERS = ("docs", "benchmarks", "examples", "python", "tests", "training")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))])
LINE = 100
LONG_SENTENCE, LONGEST_SENTENCE = 25, 32
# Words that the project has replaced by those of the field, in any sense that a document needs.
REPLACED = (
    r"untold|told|tells?|gone on|goes on|go on|ma[dk]e again|held against|pass(?:ed)? over|mend(?:s|ed)?|in place of|"
    r"beside|that which|floors?|rooms?|labour|keeps_to|makes_sense"
)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=_name)


def prose(text: str) -> str:
    """Return a document without code blocks, tables, headings, pictures and comments."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^(?:\||#|!\[|<!--|    ).*$", "", text, flags=re.MULTILINE)


def sentences(text: str) -> list[str]:
    """Return the sentences of a document; an item of a list starts a sentence."""
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:- |\d+\. ))", prose(text))
    end = r"(?<=[.!?])[*)]*\s+(?=[A-Z`*\[(\"])"
    return [sentence for block in blocks for sentence in re.split(end, " ".join(block.split())) if sentence]


def length(sentence: str) -> int:
    """Count words: a span of code and the text of a link count as they are read."""
    sentence = re.sub(r"`[^`]*`", "code", sentence)
    sentence = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", sentence)
    return len([word for word in sentence.split() if re.search(r"\w", word)])


def headings(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@each_document
def test_the_first_line_names_the_reader(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    assert lines[0].startswith("# ")
    if path != ROOT / "README.md":
        assert lines[1].startswith("Read this if you ")


@each_document
def test_lines_are_wrapped(path):
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert not [line for line in text.splitlines() if len(line) > LINE and not line.startswith("|")]


@each_document
def test_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        file, _, title = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert not title or title in headings(target), link


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.name != "ATTRIBUTION.md"], ids=_name)
def test_sentences_are_short(path):  # the attributions quote a licence
    lengths = {sentence: length(sentence) for sentence in sentences(path.read_text(encoding="utf-8"))}
    too_long = {sentence: words for sentence, words in lengths.items() if words > LONG_SENTENCE}
    assert not [sentence for sentence, words in too_long.items() if words > LONGEST_SENTENCE]
    assert len(too_long) <= max(1, len(lengths) // 10), too_long


@each_document
def test_words_are_those_of_the_field(path):
    found = re.findall(rf"\b(?:{REPLACED})\b", path.read_text(encoding="utf-8"), flags=re.IGNORECASE)
    assert not found


def test_the_documents_stay_short():
    words = {name: len((ROOT / f"docs/{name}.md").read_text(encoding="utf-8").split()) for name in CORE.split()}
    assert sum(words.values()) <= MOST_WORDS - MOVED_WORDS, words


def test_the_glossary_has_at_most_forty_entries():
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?!word )\w.*$", glossary, flags=re.MULTILINE)
    assert 20 <= len(rows) <= 40
    assert rows == sorted(rows, key=str.lower)


def test_every_document_is_in_the_list_of_documents():
    listed = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    names = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert not {name for name in names if f"({name})" not in listed}
