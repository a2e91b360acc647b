// The form of an order, made from what the server declares about each setting.

import { readTime, showTime } from "./times.js";

const MAIN = ["seconds", "model", "style", "key", "search"]; // the others are under "More settings"
const LABELS = { seconds: "Length", steady: "Steady density", two_hands: "Two hands", key: "Key", keep: "Keep, when varying" };
const TONICS = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const KEYS = TONICS.flatMap((tonic) => [`${tonic} major`, `${tonic} minor`]);

export class Settings {
  #fields = new Map(); // by name: what was declared, and the element
  #models;

  constructor({ models, settings, most_candidates: most }) {
    this.#models = models;
    const model = { name: "model", kind: "choice", choices: models.map(({ name }) => name), default: models[0].name };
    const count = { name: "candidates", kind: "integer", low: 1, high: most, default: Math.min(2, most), help: "" };
    for (const declared of [...settings, { ...model, help: "Larger models take longer." }, count]) {
      this.#fields.set(declared.name, { declared, input: control(declared) });
    }
    for (const name of [...MAIN, "candidates"]) place("main-settings", this.#fields.get(name), false);
    const more = [...this.#fields.values()].filter(({ declared: { name } }) => !MAIN.includes(name) && name !== "candidates");
    const isFlag = ({ declared }) => declared.kind === "flag";
    for (const field of more.sort((a, b) => isFlag(a) - isFlag(b))) place("more-settings", field, true);
    this.#input("model").addEventListener("change", () => this.#showModel());
    this.#showModel();
  }

  get seconds() {
    return readTime(this.#input("seconds").value, "Length");
  }

  // Returns the parts of an order that the form decides.
  read() {
    const settings = {};
    for (const [name, { declared, input }] of this.#fields) {
      const value = read(declared, input);
      if (value !== null) settings[name] = value;
    }
    const { model, candidates: count, ...rest } = settings;
    return { model, count, settings: rest };
  }

  // The next order draws other random numbers.
  advance() {
    const input = this.#input("random_seed"), { count } = this.read();
    input.value = Number(input.value) + count;
  }

  #input(name) {
    return this.#fields.get(name).input;
  }

  #showModel() {
    const model = this.#models.find(({ name }) => name === this.#input("model").value);
    const style = this.#input("style"), before = style.value;
    style.replaceChildren(option("", "as the music"), ...model.styles.map((name) => option(name, name.replaceAll("_", " "))));
    style.value = model.styles.includes(before) ? before : "";
    this.#input("search").disabled = !model.has_critic;
  }
}

function place(parent, { declared, input }, withHelp) {
  const label = document.createElement("label");
  const title = LABELS[declared.name] ?? declared.name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
  label.title = declared.help;
  if (declared.kind === "flag") label.classList.add("flag");
  label.append(title, input);
  if (withHelp && declared.help) {
    const help = document.createElement("small");
    help.textContent = declared.help.replaceAll("`", "");
    label.append(help);
  }
  document.getElementById(parent).append(label);
}

function control(declared) {
  const { kind, name, choices, low, high } = declared;
  const choice = { choice: choices, key: ["seed", "free", ...KEYS], scale: ["", ...KEYS], text: [""] }[kind];
  const input = document.createElement(choice ? "select" : "input");
  input.name = name;
  if (choice) {
    const words = { "": "all", seed: "as the music", free: "free" };
    input.append(...choice.map((one) => option(one, kind === "choice" ? one : words[one] ?? one)));
  } else if (kind === "flag") {
    input.type = "checkbox";
  } else if (name === "seconds") {
    input.className = "time";
  } else if (kind === "span") {
    input.placeholder = `${low}-${high}`;
  } else {
    Object.assign(input, { type: "number", min: low, max: high, step: kind === "integer" ? 1 : "any", placeholder: "the model's" });
  }
  if (kind === "flag") input.checked = declared.default;
  else if (name === "seconds") input.value = showTime(declared.default);
  else input.value = declared.default ?? "";
  return input;
}

function option(value, text) {
  return new Option(text, value);
}

// Returns the value of a field; null if it is empty, so that the engine's default counts.
function read({ name, kind }, input) {
  if (kind === "flag") return input.checked;
  if (input.value === "" || input.disabled) return null;
  if (name === "seconds") return readTime(input.value, "Length");
  if (kind === "span") return input.value.split("-").map(Number);
  return input.type === "number" ? Number(input.value) : input.value;
}
