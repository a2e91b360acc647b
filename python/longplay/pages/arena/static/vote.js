// The page where two clips meet.

import { post } from "./api.js";
import { Piano } from "./piano.js";
import { Roll } from "./roll.js";

const LETTER = { left: "A", right: "B" };

export class Vote {
  #fail; // shows a message
  #piano = new Piano();
  #clips = {}; // by side: elements, roll, notes, length, at (s into it), heard (s)
  #match = null;
  #share = 1; // of both clips, to be heard before a vote
  #again = false; // the vote was taken back; both have been heard
  #playing = null; // a side
  #busy = true;
  #hint = document.getElementById("hint");
  #skip = document.getElementById("skip");
  #undo = document.getElementById("undo");
  #noteOffs = document.getElementById("note-offs");

  constructor(fail) {
    this.#fail = fail;
    for (const element of document.querySelectorAll(".clip")) {
      const side = element.dataset.side;
      const find = (selector) => element.querySelector(selector);
      this.#clips[side] = {
        element, play: find(".play"), choose: find(".choose"), bar: find(".heard"),
        roll: new Roll(find("canvas")), notes: [], length: 1, at: 0, heard: 0,
      };
      find(".play").addEventListener("click", () => this.toggle(side));
      find(".roll").addEventListener("click", () => this.toggle(side));
      find(".choose").addEventListener("click", () => this.choose(side));
    }
    this.#skip.addEventListener("click", () => this.skip());
    this.#undo.addEventListener("click", () => this.undo());
    this.#noteOffs.addEventListener("change", () => this.#playing && this.#start(this.#playing));
    const volume = document.getElementById("volume");
    const setVolume = () => { this.#piano.volume = volume.value / 100; };
    volume.addEventListener("input", setVolume);
    setVolume();
    document.addEventListener("keydown", (event) => this.#key(event));
    requestAnimationFrame(() => this.#frame());
  }

  async start() {
    await this.#during(async () => {
      await this.#piano.load();
      this.#show(await post("match"));
    });
  }

  toggle(side) {
    if (this.#busy || !this.#match) return;
    if (this.#playing === side) this.pause();
    else this.#start(side);
  }

  pause() {
    this.#hear();
    this.#piano.stop();
    this.#playing = null;
    this.#refresh();
  }

  choose(winner) {
    if (!this.#open) return;
    this.#during(async () => {
      await post("vote", { match: this.#match, winner });
      this.#show(await post("match"));
    });
  }

  skip() {
    this.#during(async () => this.#show(await post("match")));
  }

  undo() {
    this.#during(async () => this.#show(await post("undo")));
  }

  get #open() {
    const enough = Object.values(this.#clips).every((clip) => this.#enough(clip));
    return !this.#busy && this.#match !== null && (this.#again || enough);
  }

  #enough(clip) {
    return this.#again || clip.heard >= this.#share * clip.length;
  }

  // Does what takes a while, once at a time; a failure leaves the page as it was.
  async #during(work) {
    if (this.#busy && this.#match) return;
    this.pause();
    this.#busy = true;
    this.#refresh();
    try {
      await work();
      this.#fail("");
    } catch (error) {
      this.#fail(error.message);
    } finally {
      this.#busy = false;
      this.#refresh();
    }
  }

  #show(match) {
    this.#match = match.match;
    this.#share = match.heard;
    this.#again = match.again;
    for (const [side, clip] of Object.entries(this.#clips)) {
      const { notes, length_ms: length } = match[side];
      Object.assign(clip, { notes, length: length / 1000, at: 0, heard: 0 });
      clip.roll.show(notes, length);
    }
  }

  #start(side) {
    this.#hear();
    this.#playing = side;
    const clip = this.#clips[side];
    if (clip.at >= clip.length) clip.at = 0;
    this.#piano.play(clip.notes, clip.at, this.#noteOffs.checked);
    this.#refresh();
  }

  // Counts what was heard since the last time.
  #hear() {
    const clip = this.#clips[this.#playing];
    if (!clip) return;
    const at = Math.max(clip.at, Math.min(this.#piano.position, clip.length));
    clip.heard += at - clip.at;
    clip.at = at;
  }

  #frame() {
    const open = this.#open;
    this.#hear();
    const playing = this.#clips[this.#playing];
    if (playing && playing.at >= playing.length) this.pause();
    for (const clip of Object.values(this.#clips)) {
      clip.roll.draw(clip.at * 1000);
      const heard = this.#again ? 1 : Math.min(1, clip.heard / (this.#share * clip.length));
      clip.bar.firstElementChild.style.transform = `scaleX(${heard})`;
      clip.bar.setAttribute("aria-valuenow", Math.round(heard * 100));
      clip.bar.classList.toggle("enough", heard >= 1);
    }
    if (open !== this.#open) this.#refresh();
    requestAnimationFrame(() => this.#frame());
  }

  #refresh() {
    const idle = !this.#busy && this.#match !== null;
    for (const [side, clip] of Object.entries(this.#clips)) {
      const playing = this.#playing === side;
      clip.element.classList.toggle("playing", playing);
      clip.play.disabled = !idle;
      clip.play.lastElementChild.textContent = `${playing ? "Pause" : "Play"} ${LETTER[side]}`;
      clip.choose.disabled = !this.#open;
    }
    this.#skip.disabled = this.#undo.disabled = this.#busy;
    if (this.#open) this.#hint.textContent = "Listen on, or choose the one you like better.";
    else if (idle) this.#hint.textContent = "Listen to both until their bars are full. Then you can choose.";
  }

  #key(event) {
    const held = event.ctrlKey || event.altKey || event.metaKey || event.repeat;
    if (held || event.target.matches("input") || document.getElementById("vote").hidden) return;
    const other = this.#clips.left.at > 0 && this.#clips.left.at >= this.#clips.left.length ? "right" : "left";
    const actions = {
      1: () => this.toggle("left"),
      2: () => this.toggle("right"),
      " ": () => this.toggle(this.#playing ?? other),
      arrowleft: () => this.choose("left"),
      arrowright: () => this.choose("right"),
      s: () => this.skip(),
      u: () => this.undo(),
    };
    const action = actions[event.key.toLowerCase()];
    if (!action || (event.key === " " && event.target.matches("button, a"))) return;
    event.preventDefault();
    action();
  }
}
