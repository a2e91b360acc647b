// A candidate: its music, and what can be done with it.

import { lines, send } from "./api.js";
import { Music } from "./music.js";
import { readTime, showTime } from "./times.js";

const ENDING = 12; // seconds before the end, from which a longer piece differs
const ACTIONS = ["infill", "vary", "branch", "extend"];

export class Candidate {
  #about;
  #find;
  #warnings = [];
  #order; // what it came from, for its provenance
  kept = false;
  record = null; // of the finished piece

  // studio: player, make(order, about, source), reuse(candidate), fail(text), during(work), silent.
  // at: seconds, where the line is at first.
  constructor(studio, letter, about, order, at) {
    const element = document.getElementById("candidate").content.cloneNode(true).firstElementChild;
    this.#find = (selector) => element.querySelector(selector);
    this.element = element;
    this.letter = letter;
    this.studio = studio;
    this.#about = about;
    this.#order = order;
    element.setAttribute("aria-label", `Candidate ${letter}`);
    this.#find("h3").textContent = letter;
    this.music = new Music(this.#find(".music"), `candidate ${letter}`, studio.player, (passage) => {
      this.#find("details").open = true;
      this.select(passage);
    });
    this.music.at = at;
    const click = (selector, action) => this.#find(selector).addEventListener("click", action);
    click(".play", () => studio.player.toggle(this.music));
    click(".keep", () => this.keep(!this.kept));
    for (const action of ACTIONS) click(`.${action}`, () => this.#ask(action));
    click(".reuse", () => studio.reuse(this));
    click(".midi", () => studio.during(() => this.#downloadMidi()));
    click(".mp3", () => (studio.silent ? studio.fail(studio.silent) : studio.during((signal) => this.#downloadSound(signal))));
    click(".record", () => this.#save(new Blob([JSON.stringify(this.provenance, null, 1)]), "json"));
    this.#find("details").addEventListener("toggle", () => this.#showPassage());
    for (const name of ["from", "to"]) this.#find(`.${name}`).addEventListener("change", () => this.#showPassage());
    this.refresh();
  }

  get provenance() {
    return { file: `${this.name}.mid`, ...this.record, ...this.#order };
  }

  get name() {
    return `longplay-${this.letter}`;
  }

  // Takes notes that are final but for their durations. seconds: the length that is asked for.
  add(notes, seconds) {
    this.music.add(notes, seconds);
    this.refresh();
  }

  finish({ notes, warnings, record }) {
    this.record = record;
    this.music.set(notes, record.seconds);
    this.#warnings = warnings;
    this.select([Math.min(10, record.seconds / 3), Math.min(18, record.seconds / 2)].map(Math.round));
    this.refresh();
  }

  keep(kept) {
    this.kept = kept;
    this.refresh();
  }

  // Selects a passage, which the strip shows while the form of the passage is open.
  select(passage) {
    for (const [index, name] of ["from", "to"].entries()) this.#find(`.${name}`).value = showTime(passage[index]);
    this.#showPassage();
  }

  remove() {
    this.studio.player.remove(this.music);
    this.element.remove();
  }

  refresh() {
    const { playing, busy } = this.studio, plays = playing === this.music;
    this.element.classList.toggle("playing", plays);
    this.element.setAttribute("aria-busy", String(!this.record));
    const length = this.record ? showTime(this.music.seconds) : "being made";
    this.#find(".about").textContent = [this.#about, length, ...this.#warnings].join(" · ");
    this.#find(".play").textContent = plays ? "Pause" : "Play";
    this.#find(".play").disabled = !this.music.notes.length;
    this.#find(".keep").disabled = !this.record;
    this.#find(".keep").textContent = this.kept ? "Kept" : "Keep";
    this.#find(".keep").setAttribute("aria-pressed", String(this.kept));
    for (const button of this.element.querySelectorAll("details button")) button.disabled = busy || !this.record;
  }

  #passage() {
    return ["from", "to"].map((name) => readTime(this.#find(`.${name}`).value, name === "from" ? "From" : "To"));
  }

  #showPassage() {
    try {
      this.music.passage = this.#find("details").open ? this.#passage() : [0, 0];
    } catch (error) {
      this.studio.fail(error.message);
    }
  }

  #ask(action) {
    const { notes, seconds } = this.music;
    try {
      const [start, end] = this.#passage();
      const where = `${showTime(start)} to ${showTime(end)}`;
      const [order, about] = {
        infill: [{ call: "infill", start, end }, `${this.letter} with ${where} refilled`],
        vary: [{ call: "vary", start, end }, `${this.letter} with ${where} varied`],
        branch: [{ call: "continue", start, seconds }, `${this.letter} with another end from ${showTime(start)}`],
        extend: [{ call: "continue", start: Math.max(seconds / 2, seconds - ENDING), more: seconds }, `${this.letter}, extended`],
      }[action];
      this.studio.make({ notes, ...order }, about, this);
    } catch (error) {
      this.studio.fail(error.message);
    }
  }

  async #downloadMidi() {
    const { notes, seconds } = this.music;
    this.#save(await (await send("midi", { notes, seconds })).blob(), "mid");
  }

  async #downloadSound(signal) {
    const { notes, seconds } = this.music, parts = [];
    for await (const { progress, part } of lines("sound", { notes, seconds }, signal)) {
      if (part) parts.push(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0)));
      else this.studio.progress(progress);
    }
    this.#save(new Blob(parts, { type: "audio/mpeg" }), "mp3");
  }

  #save(blob, suffix) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${this.name}.${suffix}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}
