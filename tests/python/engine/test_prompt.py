"""Words as settings: each known word sets what the document says, and an unknown one is refused."""

from pathlib import Path

import command
import pytest
import tiny_model

import longplay
from longplay.prompt import FILLERS, WORDS, read_prompt, show_values
from longplay.settings import RULES

DOCUMENT = Path(__file__).parents[3] / "docs/prompts.md"

UNDERSTOOD = {
    "calm, slow, D minor, like a nocturne": {
        "pace": 0.6,
        "max_velocity": 72,
        "key": "D minor",
        "style": "performed_roll",
    },
    "Very slow; in the f-sharp minor scale. Half an hour": {"pace": 0.5, "scale": "F# minor", "seconds": 1800},
    "a piece in a minor": {"key": "A minor"},
    "a minor lullaby": {"key": "A minor", "pace": 0.6, "max_velocity": 56},
    "E-flat major, 2.5 minutes": {"key": "Eb major", "seconds": 150},
    "Bb major an hour": {"key": "Bb major", "seconds": 3600},
    "fast very fast": {"pace": 1.8},
    "one piece, polished, playable": {"recital": False, "search": 8, "playable": True},
}
REFUSED = {
    "slow and fast": 'both "slow" and "fast", which set pace to 0.6 and 1.5',
    "nocturne, song": 'both "nocturne" and "song", which set style',
    "D minor, C major": 'both "D minor" and "C major", which set key',
    "low, high": 'both "low" and "high", which set pitches',
    "slwo": "a word without a setting, 'slwo'; near known words are slow",
    "not slow": "a word without a setting, 'not'",
    "groovy": "'groovy'; docs/prompts.md lists all known words",
    "minor": "a word without a setting, 'minor'",
    "5 minuets": "a word without a setting, '5'",
    " like a ": "prompt must have a word with a meaning",
    "30 hours": r"seconds must be in \[1, 86400\]",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True))


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_a_prompt_becomes_settings(text):
    assert read_prompt(text).settings == UNDERSTOOD[text]
    longplay.Settings(**read_prompt(text.upper().replace("BB", "Bb")).settings)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_unknown_or_contradicts_itself_is_refused_by_its_words(text):
    with pytest.raises(ValueError, match=REFUSED[text]):
        read_prompt(text)


def test_a_prompt_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="prompt must be text, not 5"):
        read_prompt(5)


@pytest.mark.parametrize("words", WORDS)
def test_each_word_of_the_table_has_its_settings(words):
    for word in words.split(", "):
        assert read_prompt(f"a {word} piece").settings == WORDS[words]
        longplay.Settings(**WORDS[words])


def test_the_document_has_the_table_of_the_code():
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [f"| {words} | `{show_values(values)}` |" for words, values in WORDS.items()]
    written = [line for line in text.splitlines() if line.startswith("| ") and "=" in line]
    assert written[: len(rows)] == rows
    fillers = text.split("<!-- fillers -->")[1].split("\n\n")[0]
    assert {word.strip(".,") for word in fillers.replace("and *", "*").split() if "*" in word} == {
        f"*{word}*" for word in FILLERS
    }


def test_the_command_prints_what_it_understood(model, tmp_path):
    out = tmp_path / "out.mid"
    done = command.run(
        "generate", "--prompt", "calm, C major, 5 seconds", "--random-seed", 3, "--model", model, "--out", out
    )
    understood = 'calm: pace=0.75, max_velocity=72; C major: key="C major"; 5 seconds: seconds=5.0'
    assert (done.returncode, done.stderr) == (0, f"longplay: understood {understood}\n")
    settings = {"pace": 0.75, "max_velocity": 72, "key": "C major"}
    assert out.read_bytes() == longplay.Engine(model).generate(seconds=5, random_seed=3, **settings).to_bytes()


def test_an_option_that_the_prompt_contradicts_is_refused(model, tmp_path):
    options = ("--model", model, "--out", tmp_path / "out.mid")
    done = command.run("generate", "--prompt", "calm", "--pace", "1", *options)
    assert done.stderr == 'longplay: "calm" of the prompt and --pace both set pace. To fix this, leave one out\n'
    done = command.run("vary", tmp_path / "no.mid", "--prompt", "an hour", *options)
    assert 'must not have "an hour": this command does not take the setting seconds' in done.stderr
    assert done.returncode == 1


def test_a_slow_pace_has_fewer_notes_and_a_fast_one_more(model):
    engine = longplay.Engine(model, num_threads=1)
    slow, none, fast = (len(engine.generate(seconds=60, pace=pace).notes) for pace in (0.5, 1.0, 2.0))
    assert slow < 0.8 * none
    assert fast > 1.2 * none
    assert engine.generate(seconds=9, pace=1.0) == engine.generate(seconds=9)


def test_rules_are_settings_that_are_off_by_default():
    assert {name: getattr(longplay.Settings(), name) for name in RULES} == {"pace": 1, "scale": None, "pitches": None}
