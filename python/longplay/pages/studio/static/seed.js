// The user's own music: a file that is dropped or chosen, or notes that are played.

import { send } from "./api.js";
import { Keyboard } from "./keyboard.js";
import { Music } from "./music.js";

const EMPTY = "Give a piece to answer, or play a few notes. Without any, longplay begins by itself.";
const find = (id) => document.getElementById(id);

export class Seed {
  #studio;
  #keyboard;
  #hint = find("seed-hint");
  mostBytes = Infinity; // of a file
  name = "";

  // studio: as for Candidate.
  constructor(studio, piano) {
    this.#studio = studio;
    this.music = new Music(find("seed-music"), "your music", studio.player, () => {});
    this.#keyboard = new Keyboard(piano, (notes) => this.#played(notes), () => this.#ended());
    find("choose").addEventListener("click", () => find("file").click());
    find("file").addEventListener("change", ({ target }) => this.#read(target.files[0]));
    find("clear").addEventListener("click", () => this.clear());
    find("play-seed").addEventListener("click", () => studio.player.toggle(this.music));
    find("perform").addEventListener("click", () => (this.playsNotes ? this.#keyboard.end() : this.#begin()));
    addEventListener("dragover", (event) => this.#drag(event, true));
    addEventListener("dragleave", (event) => this.#drag(event, false));
    addEventListener("drop", (event) => {
      this.#drag(event, false);
      this.#read(event.dataTransfer.files[0]);
    });
  }

  get notes() {
    return this.music.notes;
  }

  get about() {
    return this.name ? `from ${this.name}` : "from nothing";
  }

  get playsNotes() {
    return this.#keyboard.open;
  }

  set(notes, seconds, name) {
    this.#studio.player.remove(this.music);
    this.#studio.player.add(this.music);
    this.music.at = 0;
    this.music.set(notes, seconds);
    this.name = name;
    this.#hint.textContent = notes.length ? `${name}: ${notes.length} notes.` : EMPTY;
    this.refresh();
  }

  clear() {
    this.set([], 0, "");
    find("file").value = "";
  }

  refresh() {
    const { playing } = this.#studio, empty = !this.notes.length;
    find("seed-music").hidden = find("clear").hidden = find("play-seed").hidden = empty;
    find("empty").hidden = !empty || this.playsNotes;
    find("play-seed").textContent = playing === this.music ? "Pause" : "Play";
    find("perform").textContent = this.playsNotes ? "Stop playing" : "Play notes";
    find("perform").setAttribute("aria-pressed", String(this.playsNotes));
    this.music.dirty = true;
  }

  async #read(file) {
    if (!file) return;
    if (file.size > this.mostBytes) {
      this.#studio.fail(`${file.name} is too large: a MIDI file may have at most ${this.mostBytes / 2 ** 20} MiB.`);
      return;
    }
    await this.#studio.during(async () => {
      const { notes, warnings } = await (await send("read", file)).json();
      this.set(notes, lengthOf(notes), file.name);
      if (warnings.length) this.#hint.textContent += ` ${warnings.join(" ")}`;
    });
  }

  #begin() {
    this.clear();
    this.#keyboard.begin();
    this.#hint.textContent = "Play: the clock starts with your first note.";
    this.refresh();
  }

  #played(notes) {
    this.set(notes.map((note) => [...note]), lengthOf(notes), "your notes");
  }

  #ended() {
    if (!this.notes.length) this.clear();
    this.refresh();
  }

  #drag(event, over) {
    event.preventDefault();
    find("seed").classList.toggle("over", over);
  }
}

function lengthOf(notes) {
  return notes.reduce((end, [onset, duration]) => Math.max(end, onset + duration), 0) / 1000;
}
