// A grand piano of a few recordings: a note plays the nearest one, faster or slower.
// The notes of a clip may grow at their end while they are played.

const LOWEST = 21, STEP = 4, HIGHEST = 105; // the keys that were recorded: piano/21.mp3, 25.mp3, ...
const AHEAD = 0.6; // s of notes handed to the audio clock at a time
const RELEASE = 0.12; // s in which a note fades when note-offs are kept

export class Piano {
  #context = new AudioContext();
  #recordings = new Map();
  #volume = this.#context.createGain();
  #clip = null; // what is playing: its gain node, notes, next note, start on the audio clock

  constructor() {
    const limiter = this.#context.createDynamicsCompressor(); // touches nothing but sums that would clip
    limiter.threshold.value = -3;
    limiter.ratio.value = 20;
    limiter.knee.value = 0;
    limiter.attack.value = 0.002;
    this.#volume.connect(limiter).connect(this.#context.destination);
  }

  async load() {
    const keys = [];
    for (let key = LOWEST; key <= HIGHEST; key += STEP) keys.push(key);
    await Promise.all(keys.map(async (key) => {
      const response = await fetch(`piano/${key}.mp3`);
      if (!response.ok) throw new Error(`the piano is incomplete: ${await response.text()}`);
      this.#recordings.set(key, await this.#context.decodeAudioData(await response.arrayBuffer()));
    }));
  }

  set volume(share) {
    this.#volume.gain.value = share * share;
  }

  get playing() {
    return this.#clip !== null;
  }

  // Seconds into the clip that plays.
  get position() {
    return this.#clip ? Math.max(0, this.#context.currentTime - this.#clip.start) : 0;
  }

  // notes: [onset ms, duration ms, pitch, velocity], by onset. from: seconds into them.
  async play(notes, from, noteOffs) {
    this.stop();
    const clip = { notes, noteOffs, next: 0, start: Infinity, gain: this.#context.createGain(), timer: 0 };
    this.#clip = clip;
    await this.#context.resume();
    if (this.#clip !== clip) return; // stopped meanwhile
    clip.gain.connect(this.#volume);
    clip.start = this.#context.currentTime + 0.06 - from;
    while (clip.next < notes.length && notes[clip.next][0] < from * 1000) clip.next++;
    this.#schedule(clip);
    clip.timer = setInterval(() => this.#schedule(clip), AHEAD * 300);
  }

  stop() {
    if (!this.#clip) return;
    const { gain, timer } = this.#clip;
    clearInterval(timer);
    gain.gain.setTargetAtTime(0, this.#context.currentTime, 0.03);
    setTimeout(() => gain.disconnect(), 300);
    this.#clip = null;
  }

  // Strikes a key now; returns a function that releases it.
  press(pitch, velocity) {
    this.#context.resume();
    const { source, gain } = this.#strike(this.#volume, this.#context.currentTime, pitch, velocity);
    return () => this.#release(source, gain, this.#context.currentTime);
  }

  #schedule(clip) {
    const until = this.#context.currentTime + AHEAD;
    for (; clip.next < clip.notes.length; clip.next++) {
      const [onset, duration, pitch, velocity] = clip.notes[clip.next];
      const when = clip.start + onset / 1000;
      if (when > until) return;
      const { source, gain } = this.#strike(clip.gain, when, pitch, velocity);
      if (clip.noteOffs) this.#release(source, gain, when + duration / 1000);
    }
  }

  #strike(output, when, pitch, velocity) {
    const nearest = LOWEST + STEP * Math.round((pitch - LOWEST) / STEP);
    const key = Math.min(HIGHEST, Math.max(LOWEST, nearest));
    const source = this.#context.createBufferSource();
    source.buffer = this.#recordings.get(key);
    source.playbackRate.value = 2 ** ((pitch - key) / 12);
    const gain = this.#context.createGain();
    gain.gain.value = velocity / 100;
    source.connect(gain).connect(output);
    source.start(when);
    return { source, gain };
  }

  #release(source, gain, when) {
    gain.gain.setTargetAtTime(0, when, RELEASE / 3);
    source.stop(when + RELEASE * 2);
  }
}
