// Talking to the server of the page.

const token = document.querySelector('meta[name="page-token"]').content;
const [, page] = document.title.split(" "); // "longplay arena"

// Returns the response to a request; throws an error that says in words why there is none.
export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(`api/${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(`The ${page} does not answer. Is \`longplay ${page}\` still running?`);
  }
  if (!response.ok) throw new Error(await response.text());
  return response;
}

export async function get(path) {
  return (await ask(path)).json();
}

// Sends an object as JSON, or a file as it is.
export function send(path, body, options = {}) {
  const data = body instanceof Blob ? body : JSON.stringify(body);
  return ask(path, { method: "POST", headers: { "X-Page-Token": token }, body: data, ...options });
}

export async function post(path, body = {}) {
  return (await send(path, body)).json();
}
