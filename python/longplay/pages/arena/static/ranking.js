// The page that shows how all stand. Text goes in as text, never as markup.

import { get } from "./api.js";

const SVG = "http://www.w3.org/2000/svg";

export async function showRanking() {
  const { votes, ranking } = await get("ranking");
  document.getElementById("ranking-hint").textContent =
    `${votes} ${votes === 1 ? "vote" : "votes"} on ${ranking.length} candidates. `
    + "Score: mu \u2212 3 sigma. Confidence: how likely it is better than the next one.";
  const low = Math.min(...ranking.map((row) => row.mu - 2 * row.sigma));
  const high = Math.max(...ranking.map((row) => row.mu + 2 * row.sigma));
  document.getElementById("rows").replaceChildren(...ranking.map((row, index) => candidate(row, index, low, high)));
}

function candidate(row, index, low, high) {
  const name = element("button", "name", element("span", "", row.name));
  name.type = "button";
  name.setAttribute("aria-expanded", "false");
  name.title = row.present ? "Show its clips" : "Its file is gone. Show its clips";
  const line = element("tr", row.present ? "" : "gone",
    element("td", "place", index + 1), element("td", "", name), ...figures(row, band(row, low, high)));
  let clips = [];
  name.addEventListener("click", async () => {
    const opens = !clips.length;
    clips.forEach((clip) => clip.remove());
    clips = opens ? await clipRows(row.id) : [];
    line.after(...clips);
    name.setAttribute("aria-expanded", String(opens));
  });
  return line;
}

async function clipRows(id) {
  const { clips } = await get(`ranking/${id}`);
  if (!clips.length) {
    const none = element("td", "", "No votes on its clips yet.");
    none.colSpan = 7;
    return [element("tr", "clip-row", element("td", "place"), none)];
  }
  return clips.map((clip) => element("tr", "clip-row",
    element("td", "place"), element("td", "", `Clip ${clip.clip}`), ...figures(clip, "")));
}

function figures(row, skill) {
  const sure = row.confidence === null ? "" : `${(100 * row.confidence).toFixed(0)} %`;
  return [
    element("td", "number score", row.score.toFixed(2)), element("td", "band", skill),
    element("td", "number mu", row.mu.toFixed(2)), element("td", "number sigma", row.sigma.toFixed(2)),
    element("td", "number votes", row.votes), element("td", "number", sure),
  ];
}

function band({ mu, sigma }, low, high) {
  const share = (value) => `${(100 * (value - low) / (high - low)).toFixed(2)}%`;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `between ${(mu - 2 * sigma).toFixed(1)} and ${(mu + 2 * sigma).toFixed(1)}`);
  const line = document.createElementNS(SVG, "line");
  const dot = document.createElementNS(SVG, "circle");
  const set = (node, values) => Object.entries(values).forEach(([key, value]) => node.setAttribute(key, value));
  set(line, { x1: share(mu - 2 * sigma), x2: share(mu + 2 * sigma), y1: "50%", y2: "50%" });
  set(dot, { cx: share(mu), cy: "50%", r: 4 });
  svg.append(line, dot);
  return svg;
}

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.map((child) => child instanceof Node ? child : String(child)));
  return made;
}
