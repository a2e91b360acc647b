"""The studio in a real browser, from a dropped file to the downloads."""

import json
import time

import command
import numpy as np
import pytest

import longplay
from longplay.midi import NOTE
from longplay.provenance import Provenance

pytest.importorskip("uvicorn", reason="the extra [studio] is not installed")
pytest.importorskip("selenium", reason="selenium is not installed")

import browser
from browser import DESKTOP, PHONE
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING)

DROP = """
    const [name, bytes] = arguments, transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], name));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
"""


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def driver(downloads):
    with browser.chromium(downloads) as driver:
        yield driver


@pytest.fixture(scope="module")
def url():
    with command.served("studio", "--model", "piano-lstm", "--threads", "1") as (_, url):
        yield url


class Page(browser.Page):
    def __init__(self, driver, url, size):
        super().__init__(driver, url, size)
        self.until(lambda: self.find("#make").is_enabled(), 20)

    def drop(self, data, name="scale.mid"):
        self.driver.execute_script(DROP, name, list(data))

    def drop_scale(self):
        notes = np.array([(onset, 400, 50 + onset // 500, 70) for onset in range(0, 5000, 500)], NOTE)
        self.drop(longplay.write_midi(notes, 6))
        self.until(lambda: self.find("#seed-hint").text == "scale.mid: 10 notes.")

    def set(self, **settings):
        for name, value in settings.items():
            self.driver.execute_script("arguments[0].value = arguments[1]", self.find(f"[name={name}]"), value)

    def titles(self):
        return [one.text for one in self.driver.find_elements(By.CSS_SELECTOR, ".candidate h3")]

    def candidate(self, letter, selector):
        return self.find(f"[aria-label='Candidate {letter}'] {selector}")

    def finished(self):
        return self.find("#make").text == "Make" and not self.find("#stop").is_displayed()

    def make(self):
        self.find("#make").click()
        self.until(self.finished)
        assert self.find("#message").text == ""

    def act(self, letter, action):
        """Press a button in the open form of a candidate."""
        button = self.candidate(letter, f".{action}")
        self.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", button)
        button.click()
        self.until(self.finished)


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(driver, url, request):
    return Page(driver, url, request.param)


@pytest.fixture
def desktop(driver, url):
    return Page(driver, url, DESKTOP)


def saved(path):
    for _ in range(200):
        if path.exists():
            return path.read_bytes()
        time.sleep(0.05)
    raise AssertionError(f"{path.name} was not saved")


def test_from_a_dropped_file_to_the_downloads(page, downloads):
    page.drop_scale()
    page.set(seconds="0:20")
    page.make()
    assert page.titles() == ["A", "B"]
    page.until(lambda: page.candidate("A", ".play").text == "Pause")  # it plays at once
    assert page.fits()
    page.candidate("A", "summary").click()
    assert page.fits()
    page.act("A", "midi")
    page.act("A", "record")
    notes = longplay.read_midi(saved(downloads / "longplay-A.mid"))
    record = json.loads(saved(downloads / "longplay-A.json"))
    assert record["file"] == "longplay-A.mid"
    assert (record["seconds"], record["notes"]) == (20, len(notes))
    assert Provenance.from_dict(record["provenance"]).settings.seconds == 20
    assert record["before"] == "scale.mid"
    for file in downloads.iterdir():
        file.unlink()
    assert page.messages() == []


def test_kept_candidates_stay_and_changes_stand_by_their_origin(desktop):
    page = desktop
    page.drop_scale()
    page.set(seconds="0:20")
    page.make()
    page.candidate("B", ".keep").click()
    page.candidate("A", "summary").click()
    page.set(candidates="1", particles="4")
    for action, about in (
        ("infill", "A with 0:07 to 0:10 refilled"),
        ("vary", "A with 0:07 to 0:10 varied"),
        ("branch", "A with another end from 0:07"),
        ("extend", "A, extended"),
    ):
        page.act("A", action)
        assert page.find("#message").text == ""
        assert page.titles()[:2] == ["A", "B"]
        assert len(page.titles()) == 3
        assert page.find(".candidate:last-child .about").text.startswith(about)
    assert "0:40" in page.find(".candidate:last-child .about").text  # extended by the length of the form
    page.make()
    assert page.titles() == ["B", "G"]


def test_a_passage_is_selected_by_dragging(desktop):
    page = desktop
    page.set(seconds="0:20")
    page.make()
    strip = page.candidate("A", ".strip canvas")
    width = strip.size["width"]
    drag = ActionChains(page.driver).move_to_element_with_offset(strip, -width // 4, 0).click_and_hold()
    drag.move_by_offset(width // 2, 0).release().perform()
    start, end = (page.candidate("A", f".{name}").get_attribute("value") for name in ("from", "to"))
    assert start.startswith("0:05")
    assert end.startswith(("0:15", "0:14.9"))


def test_notes_are_played_on_the_computers_keys_and_accompanied(desktop):
    page = desktop
    page.find("#perform").click()
    page.press("a", "d", "g")
    page.press(Keys.ESCAPE)
    assert page.find("#seed-hint").text == "your notes: 3 notes."
    page.find("#call").send_keys("Keep it and accompany it")
    page.set(particles="4")
    page.make()
    assert page.candidate("A", ".about").text.startswith("from your notes")


def test_the_keyboard_is_enough(desktop):
    page = desktop
    page.find("[name=seconds]").send_keys(Keys.ENTER)
    page.until(lambda: page.titles() == ["A", "B"] and page.finished())
    page.until(lambda: page.candidate("A", ".play").text == "Pause")
    page.driver.execute_script("document.activeElement.blur()")
    page.press("2")
    page.until(lambda: page.candidate("B", ".play").text == "Pause")
    page.press("k")
    assert page.candidate("B", ".keep").text == "Kept"
    page.press(" ")
    assert page.candidate("B", ".play").text == "Play"
    page.driver.execute_script("arguments[0].focus()", page.candidate("A", ".strip canvas"))
    page.press(Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    page.until(lambda: page.candidate("A", ".strip canvas").get_attribute("aria-valuenow") == "2")


def test_work_is_heard_while_it_is_made_and_stopped(desktop):
    page = desktop
    page.set(seconds="1:00:00", search="4", candidates="1")
    page.find("#make").click()
    page.until(lambda: page.driver.find_elements(By.CSS_SELECTOR, ".candidate.playing[aria-busy=true]"))
    page.find("#stop").click()
    page.until(page.finished)
    assert page.titles() == []
    assert page.find("#hint").text == "Stopped. What was not finished is gone."
    page.set(seconds="0:20", search="1")
    page.make()
    assert page.titles() == ["B"]


def test_errors_are_words(desktop, driver):
    page = desktop
    page.drop(b"no music", "letter.txt")
    page.until(lambda: page.find("#message").text)
    assert "MIDI" in page.find("#message").text
    page.set(seconds="soon")
    page.find("#make").click()
    page.until(lambda: page.find("#message").text == 'Length must be a time such as 0:42, not "soon".')
    page.find("#call").send_keys("Keep it and accompany it")
    page.set(seconds="0:20")
    page.find("#make").click()
    page.until(lambda: page.find("#message").text.startswith("there are no notes."))
    driver.set_network_conditions(offline=True, latency=0, throughput=0)
    page.find("#make").click()
    page.until(lambda: page.find("#message").text.startswith("The studio"))
    driver.delete_network_conditions()
    assert page.find("#message").text == "The studio does not answer. Is `longplay studio` still running?"
