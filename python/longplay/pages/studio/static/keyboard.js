// Two octaves to play on: with a pointer, the computer's keys or a MIDI keyboard.

const CODES = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK", "KeyO", "KeyL", "KeyP"];
const BLACK = [1, 3, 6, 8, 10];
const WHITES = 14, KEYS = 24;
const VELOCITY = 80;

export class Keyboard {
  #piano;
  #element = document.getElementById("keyboard");
  #keys = document.getElementById("keys");
  #low = 48; // pitch of the lowest key that is shown
  #held = new Map(); // by pitch: what ends the sound, the note
  #notes = []; // [onset ms, duration ms, pitch, velocity]
  #start = 0;
  #midi = null;

  // changed: called after each note that ends. ended: called when the player has finished.
  constructor(piano, changed, ended) {
    this.#piano = piano;
    this.changed = changed;
    this.ended = ended;
    for (let key = 0, white = 0; key < KEYS; key++) {
      const black = BLACK.includes(key % 12);
      const element = document.createElement("i");
      element.className = black ? "black" : "white";
      element.style.left = `${100 * (black ? white - 0.3 : white) / WHITES}%`;
      if (!black) white++;
      if (CODES[key]) element.textContent = CODES[key].slice(3);
      element.addEventListener("pointerdown", (event) => {
        element.setPointerCapture(event.pointerId);
        this.#press(this.#low + key, VELOCITY);
      });
      for (const name of ["pointerup", "pointercancel"]) {
        element.addEventListener(name, () => this.#release(this.#low + key));
      }
      this.#keys.append(element);
    }
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("keyup", (event) => this.#release(this.#low + CODES.indexOf(event.code)));
  }

  get open() {
    return !this.#element.hidden;
  }

  begin() {
    this.#notes = [];
    this.#element.hidden = false;
    this.#connect();
  }

  end() {
    this.#releaseAll();
    this.#element.hidden = true;
    this.ended();
  }

  // Opens the MIDI keyboards, if the browser has access to some.
  async #connect() {
    try {
      this.#midi ??= await navigator.requestMIDIAccess();
    } catch {
      return; // the other ways to play remain
    }
    for (const input of this.#midi.inputs.values()) {
      input.onmidimessage = ({ data: [status, pitch, velocity] }) => {
        if (!this.open) return;
        if (status >> 4 === 9 && velocity) this.#press(pitch, velocity);
        else if (status >> 4 === 8 || status >> 4 === 9) this.#release(pitch);
      };
    }
  }

  #key(event) {
    if (!this.open || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select")) return;
    const key = CODES.indexOf(event.code);
    if (event.code === "Escape") this.end();
    else if (event.code === "KeyZ") this.#shift(-12);
    else if (event.code === "KeyX") this.#shift(12);
    else if (key < 0) return;
    else if (!event.repeat) this.#press(this.#low + key, VELOCITY);
    event.preventDefault();
  }

  #shift(keys) {
    this.#releaseAll();
    this.#low = Math.min(84, Math.max(24, this.#low + keys));
  }

  #releaseAll() {
    for (const pitch of [...this.#held.keys()]) this.#release(pitch);
  }

  #press(pitch, velocity) {
    this.#release(pitch);
    const now = performance.now();
    if (!this.#notes.length) this.#start = now;
    const note = [Math.round(now - this.#start), 1, pitch, velocity];
    this.#notes.push(note);
    this.#held.set(pitch, { silence: this.#piano.press(pitch, velocity), note });
    this.#show(pitch, true);
  }

  #release(pitch) {
    const held = this.#held.get(pitch);
    if (!held) return;
    this.#held.delete(pitch);
    held.silence();
    held.note[1] = Math.max(1, Math.round(performance.now() - this.#start - held.note[0]));
    this.#show(pitch, false);
    this.changed(this.#notes);
  }

  #show(pitch, down) {
    this.#keys.children[pitch - this.#low]?.classList.toggle("down", down);
  }
}
