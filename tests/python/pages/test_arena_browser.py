"""The arena in a real browser, from the first click to the ranking."""

import command
import numpy as np
import pytest

import longplay
from longplay.midi import NOTE

pytest.importorskip("uvicorn", reason="the extra [arena] is not installed")
pytest.importorskip("selenium", reason="selenium is not installed")

import browser
from browser import DESKTOP, PHONE
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING)

NAMES = ["calm", "<b onclick=alert(1)>bold"]


@pytest.fixture(scope="module")
def driver():
    with browser.chromium() as driver:
        yield driver


@pytest.fixture
def url(tmp_path):
    for number, name in enumerate(NAMES):
        notes = np.array([(onset, 400, 50 + number + onset // 500, 70) for onset in range(0, 5000, 500)], NOTE)
        (tmp_path / f"{name}.mid").write_bytes(longplay.write_midi(notes, 5))
    with command.served("arena", tmp_path) as (_, url):
        yield url


class Page(browser.Page):
    def __init__(self, driver, url, size):
        super().__init__(driver, url, size)
        self.until(lambda: self.play("left").is_enabled())

    def play(self, side):
        return self.find(f".clip[data-side={side}] .play")

    def choose(self, side):
        return self.find(f".clip[data-side={side}] .choose")

    def heard(self, side):
        return int(self.find(f".clip[data-side={side}] .heard").get_attribute("aria-valuenow"))

    def passed(self, side):
        """How many pixels are painted where notes are that have been heard."""
        return self.driver.execute_script(
            """
            const canvas = document.querySelector(arguments[0]);
            const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
            pen.drawImage(canvas, 0, 0);
            const { data } = pen.getImageData(0, 0, canvas.width / 5, canvas.height);
            return data.filter((value, index) => index % 4 === 3 && value > 0).length;
            """,
            f".clip[data-side={side}] canvas",
        )

    def ranking(self):
        self.driver.execute_script("document.getElementById('rows').replaceChildren()")  # of an earlier look
        self.find("#to-ranking").click()
        self.until(lambda: self.find("#rows tr"))
        return self.driver.execute_script(  # at once: the page draws its rows anew
            """return [...document.querySelectorAll("#rows tr:not(.clip-row)")].map(
                (row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent))"""
        )


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_the_first_click_to_the_ranking(driver, url, size):
    page = Page(driver, url, size)
    assert not page.choose("left").is_enabled()
    still = page.passed("left")
    page.play("left").click()
    page.until(lambda: page.heard("left") == 100)
    page.until(lambda: page.passed("left") > still + 100)  # notes have moved past the line
    assert not page.choose("left").is_enabled(), "one clip was not heard"
    page.play("right").click()
    page.until(lambda: page.choose("right").is_enabled())
    assert page.fits()
    page.choose("right").click()
    page.until(lambda: not page.choose("right").is_enabled() and page.play("left").is_enabled())
    first, second = page.ranking()
    assert (first[4:7], second[4:7]) == (["29.21", "7.19", "1"], ["20.79", "7.19", "1"])
    assert {first[1], second[1]} == set(NAMES), "a name is text, never markup"
    page.find("#rows .name").click()
    page.until(lambda: page.find(".clip-row").text.startswith("Clip 1"))
    assert page.fits()
    assert page.messages() == []


def test_the_keyboard_is_enough(driver, url):
    page = Page(driver, url, DESKTOP)
    page.press(Keys.ARROW_LEFT)  # too early: nothing happens
    page.press("1")
    page.until(lambda: page.heard("left") == 100)
    page.press(" ")
    assert page.play("left").text.endswith("Play A")
    page.press("2")
    page.until(lambda: page.choose("left").is_enabled())
    page.press(Keys.ARROW_LEFT)
    page.until(lambda: page.heard("left") == 0)
    page.press("u")
    page.until(lambda: page.choose("left").is_enabled())
    assert page.ranking()[0][6] == "0"
    page.find("#to-vote").click()
    page.until(lambda: page.find("#vote").is_displayed())
    page.press(Keys.ARROW_RIGHT)
    page.until(lambda: not page.choose("left").is_enabled() and page.play("left").is_enabled())  # the next match
    assert page.ranking()[0][6] == "1"
    assert page.messages() == []


def test_skip_begins_anew(driver, url):
    page = Page(driver, url, DESKTOP)
    page.play("left").click()
    page.until(lambda: page.heard("left") > 20)
    page.find("#skip").click()
    page.until(lambda: page.heard("left") == 0 and page.find("#skip").is_enabled())
    assert page.play("left").text.endswith("Play A")
    assert page.ranking()[0][6] == "0"


def test_undo_without_a_vote_says_so(driver, url):
    page = Page(driver, url, DESKTOP)
    page.find("#undo").click()
    page.until(lambda: page.find("#message").text == "there is no vote to undo")


def test_a_clip_that_ends_stops_and_plays_again_from_its_start(driver, url):
    page = Page(driver, url, DESKTOP)
    page.play("left").click()
    page.until(lambda: page.play("left").text.endswith("Pause A"))
    page.until(lambda: page.play("left").text.endswith("Play A"))
    page.play("left").click()
    page.until(lambda: page.play("left").text.endswith("Pause A"))


def test_every_recording_of_the_piano_begins_at_once(driver, url):
    page = Page(driver, url, DESKTOP)
    starts = page.driver.execute_async_script(
        """
        const done = arguments[arguments.length - 1], context = new OfflineAudioContext(1, 1, 44100);
        Promise.all([21, 61, 105].map(async (key) => {
          const buffer = await context.decodeAudioData(await (await fetch(`piano/${key}.mp3`)).arrayBuffer());
          return buffer.getChannelData(0).findIndex((sample) => Math.abs(sample) > 0.005) / buffer.sampleRate;
        })).then(done);
        """
    )
    assert all(0 <= start < 0.012 for start in starts), starts


def test_the_page_says_that_the_arena_does_not_answer(driver, url):
    page = Page(driver, url, DESKTOP)
    driver.set_network_conditions(offline=True, latency=0, throughput=0)
    page.find("#skip").click()
    page.until(lambda: page.find("#message").text)
    driver.delete_network_conditions()
    assert page.find("#message").text == "The arena does not answer. Is `longplay arena` still running?"
    page.find("#skip").click()
    page.until(lambda: not page.find("#message").is_displayed())
