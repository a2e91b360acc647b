// Two pages in one: listening and the ranking.

import { showRanking } from "./ranking.js";
import { Vote } from "./vote.js";

const message = document.getElementById("message");

function fail(text) {
  message.textContent = text;
  message.hidden = !text;
}

const vote = new Vote(fail);

async function route() {
  const page = location.hash === "#ranking" ? "ranking" : "vote";
  for (const name of ["vote", "ranking"]) {
    document.getElementById(name).hidden = name !== page;
    const link = document.getElementById(`to-${name}`);
    if (name === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (page !== "ranking") return;
  vote.pause();
  try {
    await showRanking();
  } catch (error) {
    fail(error.message);
  }
}

addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => document.hidden && vote.pause());
route();
vote.start();
