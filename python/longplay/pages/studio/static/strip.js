// All notes of a piece in one strip. A click moves the line, and a drag selects a passage.

const CLICK = 4; // pixels that a pointer may move in a click
const STEP = 1; // seconds that an arrow key moves the line

export class Strip {
  #canvas;
  #picture = new OffscreenCanvas(1, 1); // the notes alone
  #notes = [];
  #seconds = 1;
  #anchor = null; // x where a drag began
  passage = [0, 0]; // seconds

  // sought: called with seconds. selected: called with the passage.
  constructor(canvas, name, sought, selected) {
    this.#canvas = canvas;
    Object.assign(canvas, { tabIndex: 0, role: "slider" });
    canvas.setAttribute("aria-label", `Position in ${name}`);
    canvas.setAttribute("aria-valuemin", 0);
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#anchor = event.offsetX;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.#anchor === null || Math.abs(event.offsetX - this.#anchor) < CLICK) return;
      selected([this.#anchor, event.offsetX].map((x) => this.#time(x)).sort((a, b) => a - b));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (this.#anchor !== null && Math.abs(event.offsetX - this.#anchor) < CLICK) sought(this.#time(event.offsetX));
      this.#anchor = null;
    });
    canvas.addEventListener("keydown", (event) => {
      const now = Number(canvas.getAttribute("aria-valuenow"));
      const to = { ArrowLeft: now - STEP, ArrowRight: now + STEP, Home: 0, End: this.#seconds }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const within = Math.min(this.#seconds, Math.max(0, to));
      canvas.setAttribute("aria-valuenow", Math.round(within)); // the next key may come before the next frame
      sought(within);
    });
  }

  show(notes, seconds) {
    this.#notes = notes;
    this.#seconds = seconds;
    this.#picture.width = 1; // to be painted anew
    this.#canvas.setAttribute("aria-valuemax", Math.round(seconds));
  }

  #time(x) {
    return Math.round(10 * this.#seconds * Math.min(1, Math.max(0, x / this.#canvas.clientWidth))) / 10;
  }

  // now: seconds.
  draw(now, colour) {
    const width = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    const height = Math.round(this.#canvas.clientHeight * devicePixelRatio);
    if (!width) return;
    if (this.#picture.width !== width || this.#picture.height !== height) this.#paint(width, height, colour("ink"));
    Object.assign(this.#canvas, { width, height }); // clears it
    const pen = this.#canvas.getContext("2d");
    const x = (seconds) => width * seconds / this.#seconds;
    const [from, to] = this.passage;
    pen.fillStyle = colour("accent");
    if (to > from) {
      pen.globalAlpha = 0.25;
      pen.fillRect(x(from), 0, x(to - from), height);
      pen.globalAlpha = 1;
    }
    pen.drawImage(this.#picture, 0, 0);
    pen.fillRect(Math.min(width - 2, x(now)), 0, 2, height);
    this.#canvas.setAttribute("aria-valuenow", Math.round(now));
  }

  #paint(width, height, ink) {
    Object.assign(this.#picture, { width, height });
    const pen = this.#picture.getContext("2d");
    pen.fillStyle = ink;
    pen.globalAlpha = 0.6;
    let low = 108, high = 21;
    for (const [, , pitch] of this.#notes) [low, high] = [Math.min(low, pitch - 2), Math.max(high, pitch + 2)];
    const key = height / Math.max(1, high - low);
    const scale = width / this.#seconds / 1000;
    for (const [onset, duration, pitch] of this.#notes) {
      pen.fillRect(onset * scale, (high - pitch) * key, Math.max(1, duration * scale), Math.max(1, key));
    }
  }
}
