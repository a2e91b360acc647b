"""A notebook shows a piece as a roll, and plays it."""

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import longplay
from longplay._base import notebook
from longplay.midi import NOTE

NOTES = np.array([(0, 400, 60, 70), (500, 400, 64, 90)], NOTE)


def test_a_piece_is_shown_as_a_roll_and_a_player():
    piece = longplay.Engine("piano-lstm", "cpu", 1).generate(seconds=5)
    shown = ElementTree.fromstring(piece._repr_html_())
    assert len(re.findall("M", shown.find("svg/path").get("d"))) == len(piece.notes)
    played = json.loads(shown.find("button").get("data-notes"))
    assert played == [list(note) for note in piece.notes.tolist()]
    assert shown.find("svg").get("aria-label") == f"{len(piece.notes)} notes, 0:05"
    assert "http" not in piece._repr_html_()


def test_a_long_piece_is_cut(monkeypatch):
    monkeypatch.setattr(notebook, "MOST_NOTES", 1)
    shown = ElementTree.fromstring(notebook.notes_html(NOTES, 61))
    assert shown.find("svg/path").get("d") == "M0 48h400"
    assert shown.find("button").tail == " 2 notes, 1:01"


def test_the_player_plays_and_stops_in_a_browser(tmp_path):
    pytest.importorskip("selenium", reason="selenium is not installed")
    import browser

    if browser.MISSING:
        pytest.skip(browser.MISSING)
    page = tmp_path / "notebook.html"
    page.write_text(f"<!doctype html><title>notebook</title>{notebook.notes_html(NOTES, 2)}")
    with browser.chromium() as driver:
        shown = browser.Page(driver, page.as_uri(), browser.DESKTOP)
        shown.find("button").click()
        shown.until(lambda: driver.execute_script("return document.querySelector('button').audio.currentTime") > 0)
        assert shown.find("button").text == "Stop"
        driver.save_screenshot(str(tmp_path / "notebook.png"))
        shown.find("button").click()
        assert shown.find("button").text == "Play"
        assert shown.messages() == []
