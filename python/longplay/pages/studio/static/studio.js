// The studio: a seed, an order, and its candidates.

import { get, lines } from "./api.js";
import { Candidate } from "./candidate.js";
import { Player } from "./music.js";
import { Piano } from "./piano.js";
import { Seed } from "./seed.js";
import { Settings } from "./settings.js";

const LEAD = 3; // seconds that are played before a change
const find = (id) => document.getElementById(id);

class Studio {
  #piano = new Piano();
  #settings = null;
  #seed;
  #candidates = [];
  #made = 0; // candidates so far
  #abort = null; // stops the work in progress
  silent = ""; // why there is no mp3
  player = new Player(this.#piano, () => this.#refresh());

  constructor() {
    this.#seed = new Seed(this, this.#piano);
    const setVolume = () => { this.#piano.volume = find("volume").value / 100; };
    find("volume").addEventListener("input", setVolume);
    setVolume();
    find("order").addEventListener("submit", (event) => {
      event.preventDefault();
      this.make({ call: find("call").value, notes: this.#seed.notes }, this.#seed.about, null);
    });
    find("stop").addEventListener("click", () => this.#abort?.abort());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  async start() {
    try {
      const options = await get("options");
      this.#settings = new Settings(options);
      this.#seed.mostBytes = options.most_bytes;
      this.silent = options.silent;
      await this.#piano.load();
      this.#hint("Nothing yet. Press Make, and the answer plays while it is made.");
    } catch (error) {
      this.#hint("The page is not complete.");
      this.fail(error.message);
    }
    this.#refresh();
  }

  get busy() {
    return this.#abort !== null;
  }

  get playing() {
    return this.player.playing;
  }

  fail(text) {
    find("message").textContent = text;
    find("message").hidden = !text;
    if (text) find("message").scrollIntoView({ block: "nearest" });
  }

  progress(share) {
    find("progress").value = share;
  }

  // Does what takes a while, once at a time. work: takes a signal that says when to stop.
  async during(work) {
    if (this.busy) return;
    this.#abort = new AbortController();
    this.fail("");
    this.progress(0);
    this.#refresh();
    try {
      await work(this.#abort.signal);
    } catch (error) {
      if (error.name === "AbortError") this.#hint("Stopped. What was not finished is gone.");
      else this.fail(error.message);
    } finally {
      this.#abort.abort(); // the server stops too, if the page has failed
      this.#abort = null;
      this.#refresh();
    }
  }

  // order: call and notes, start and end of a passage; seconds in all, or how many there are before `more`.
  make({ seconds, more, ...order }, about, source) {
    return this.during(async (signal) => {
      const { count, model, settings } = this.#settings.read();
      if (seconds) settings.seconds = seconds;
      if (more) settings.seconds = more + this.#settings.seconds;
      
      const { notes, ...made } = { ...order, model, settings, before: source?.provenance ?? this.#seed.name };
      const candidates = this.#newCandidates(count, about, made, source);
      let plays = find("at-once").checked;
      try {
        for await (const { progress, candidate: number, notes: first, piece } of lines("order", { ...order, model, count, settings }, signal)) {
          const candidate = candidates[number];
          if (progress !== undefined) this.progress(progress);
          if (first) candidate.add(first, settings.seconds);
          if (piece) candidate.finish(piece);
          if (plays && number === 0) this.player.play(candidate.music);
          plays &&= number !== 0;
        }
        this.#settings.advance();
        this.#hint("Listen, keep what you like, or change it. The next answer replaces what is not kept.");
      } finally {
        this.#drop(candidates.filter(({ record }) => !record));
      }
    });
  }

  reuse(candidate) {
    this.#seed.set(candidate.music.notes.map((note) => [...note]), candidate.music.seconds, candidate.name);
    find("seed").scrollIntoView({ block: "nearest" });
  }

  #newCandidates(count, about, made, source) {
    this.#drop(this.#candidates.filter((one) => !one.kept && one !== source));
    const candidates = Array.from({ length: count }, () => {
      const letter = String.fromCharCode(65 + this.#made % 26) + (this.#made >= 26 ? Math.floor(this.#made / 26) : "");
      this.#made += 1;
      return new Candidate(this, letter, about, made, Math.max(0, (made.start ?? 0) - LEAD));
    });
    this.#candidates.push(...candidates);
    find("candidates").append(...candidates.map(({ element }) => element));
    this.#hint(count === 1 ? "A candidate is being made." : `${count} candidates are being made.`);
    candidates[0].element.scrollIntoView({ block: "nearest" });
    return candidates;
  }

  #drop(candidates) {
    for (const candidate of candidates) candidate.remove();
    this.#candidates = this.#candidates.filter((one) => !candidates.includes(one));
    if (!this.#candidates.length) this.#hint("Nothing yet. Press Make, and the answer plays while it is made.");
  }

  #hint(text) {
    find("hint").textContent = text;
  }

  #refresh() {
    const ready = this.#settings !== null;
    find("make").disabled = find("perform").disabled = !ready || this.busy;
    find("make").textContent = this.busy ? "Working" : "Make";
    find("stop").hidden = find("progress").hidden = !this.busy;
    this.#seed.refresh();
    for (const candidate of this.#candidates) candidate.refresh();
  }

  #key(event) {
    const held = event.ctrlKey || event.altKey || event.metaKey || event.repeat;
    if (held || this.#seed.playsNotes || event.target.matches("input, select")) return;
    const current = this.#candidates.find(({ music }) => music === this.playing) ?? this.#candidates[0];
    const numbered = this.#candidates[Number(event.key) - 1];
    if (numbered) this.player.toggle(numbered.music);
    else if (event.key === " " && !event.target.matches("button, summary")) this.player.toggle(this.playing ?? current?.music ?? this.#seed.music);
    else if (event.key === "k" && current?.record) current.keep(!current.kept);
    else return;
    event.preventDefault();
  }
}

new Studio().start();
