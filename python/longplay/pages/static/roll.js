// A piano roll: the notes run past a line that stands where the sound is.

const WINDOW = 8000; // ms across the canvas
const LINE = 0.25; // where the line stands, as a share of the width
const MARGIN = 3; // keys above and below the notes

export class Roll {
  #canvas;
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #notes = [];
  #length = 1;
  #low = 48;
  #high = 72;

  constructor(canvas) {
    this.#canvas = canvas;
  }

  show(notes, length) {
    this.#notes = notes;
    this.#length = length;
    const pitches = notes.map((note) => note[2]);
    const low = Math.min(60, ...pitches) - MARGIN;
    this.#low = low;
    this.#high = Math.max(low + 24, 60, ...pitches) + MARGIN;
  }

  // now: ms into the clip.
  draw(now) {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!width) return;
    const dots = devicePixelRatio;
    if (this.#canvas.width !== Math.round(width * dots) || this.#canvas.height !== Math.round(height * dots)) {
      this.#canvas.width = Math.round(width * dots);
      this.#canvas.height = Math.round(height * dots);
    }
    const pen = this.#canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`);
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, width, height);

    // If the reader wants less motion, the roll shows the whole clip, and only the line moves.
    const still = this.#still.matches;
    const scale = width / (still ? this.#length : WINDOW);
    const x = (time) => still ? time * scale : width * LINE + (time - now) * scale;
    const key = height / (this.#high - this.#low + 1);
    const y = (pitch) => (this.#high - pitch) * key;

    pen.fillStyle = colour("line");
    for (let c = Math.ceil(this.#low / 12) * 12; c <= this.#high; c += 12) {
      pen.fillRect(0, Math.round(y(c) + key), width, 1); // below each C
    }
    for (const edge of [0, this.#length]) pen.fillRect(Math.round(x(edge)), 0, 1, height);

    for (const [onset, duration, pitch, velocity] of this.#notes) {
      const left = x(onset), right = Math.min(x(onset + duration), x(this.#length));
      if (right < 0 || left > width) continue;
      const sounds = onset <= now && now < onset + duration && now > 0;
      pen.fillStyle = colour(sounds ? "accent" : "ink");
      pen.globalAlpha = sounds ? 1 : (onset < now ? 0.22 : 0.3) + velocity / 127 * (onset < now ? 0.2 : 0.5);
      pen.beginPath();
      pen.roundRect(left, y(pitch) + 0.5, Math.max(2, right - left - 1), Math.max(2, key - 1), 1.5);
      pen.fill();
    }
    pen.globalAlpha = 1;
    pen.fillStyle = colour("accent");
    pen.fillRect(Math.round(x(now)), 0, 1.5, height);
  }
}
