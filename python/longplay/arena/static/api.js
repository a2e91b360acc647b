// Talking to the arena.

const token = document.querySelector('meta[name="arena-token"]').content;

async function answer(response) {
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

export async function get(path) {
  return answer(await fetch(`api/${path}`));
}

export async function post(path, body = {}) {
  return answer(await fetch(`api/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Arena-Token": token },
    body: JSON.stringify(body),
  }));
}
