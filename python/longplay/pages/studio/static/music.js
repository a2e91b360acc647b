// Music on the page: its notes, a roll that moves, a strip of the whole, and one player for all of it.

import { Roll } from "./roll.js";
import { Strip } from "./strip.js";

export class Music {
  #roll;
  #strip;
  notes = []; // [onset ms, duration ms, pitch, velocity]; the array stays the same when the music grows
  seconds = 0;
  at = 0; // seconds, where the line is
  dirty = true;

  // parent: an element that takes the roll and the strip. selected: called with a passage in seconds.
  constructor(parent, name, player, selected) {
    const [roll, strip] = ["roll", "strip"].map((className) => {
      const box = document.createElement("div");
      box.className = className;
      parent.append(box);
      return box.appendChild(document.createElement("canvas"));
    });
    roll.setAttribute("aria-hidden", "true");
    roll.parentElement.addEventListener("click", () => player.toggle(this));
    this.#roll = new Roll(roll);
    this.#strip = new Strip(strip, name, (to) => player.seek(this, to), selected);
    player.add(this);
  }

  set(notes, seconds) {
    this.notes.length = 0;
    this.add(notes, seconds);
  }

  // seconds: the length of all, as far as it is known.
  add(notes, seconds) {
    for (const note of notes) this.notes.push(note);
    this.seconds = seconds;
    this.show();
  }

  // Shows everything anew.
  show() {
    this.#roll.show(this.notes, this.seconds * 1000);
    this.#strip.show(this.notes, this.seconds);
    this.dirty = true;
  }

  set passage(passage) {
    this.#strip.passage = passage;
    this.dirty = true;
  }

  draw() {
    const style = getComputedStyle(document.documentElement);
    this.#roll.draw(this.at * 1000);
    this.#strip.draw(this.at, (name) => style.getPropertyValue(`--${name}`));
    this.dirty = false;
  }
}

export class Player {
  #piano;
  #all = new Set();
  #playing = null;

  // changed: called when something begins or ends to play.
  constructor(piano, changed) {
    this.#piano = piano;
    this.changed = changed;
    const showAll = () => this.#all.forEach((music) => music.show());
    addEventListener("resize", showAll);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
    requestAnimationFrame(() => this.#frame());
  }

  get playing() {
    return this.#playing;
  }

  add(music) {
    this.#all.add(music);
  }

  remove(music) {
    if (this.#playing === music) this.pause();
    this.#all.delete(music);
  }

  toggle(music) {
    if (this.#playing === music) this.pause();
    else if (music.notes.length) this.play(music);
  }

  play(music) {
    this.#follow();
    if (music.at >= music.seconds) music.at = 0;
    this.#playing = music;
    this.#piano.play(music.notes, music.at, true);
    this.changed();
  }

  pause() {
    this.#follow();
    this.#piano.stop();
    this.#playing = null;
    this.changed();
  }

  seek(music, to) {
    const plays = this.#playing === music;
    if (plays) this.pause();
    music.at = to;
    music.dirty = true;
    if (plays) this.play(music);
  }

  #follow() {
    if (this.#playing) this.#playing.at = Math.max(this.#playing.at, Math.min(this.#piano.position, this.#playing.seconds));
  }

  #frame() {
    this.#follow();
    const playing = this.#playing;
    for (const music of this.#all) if (music.dirty || music === playing) music.draw();
    if (playing && playing.at >= playing.seconds) this.pause();
    requestAnimationFrame(() => this.#frame());
  }
}
