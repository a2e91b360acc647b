// Talking to the server of the page.

const token = document.querySelector('meta[name="page-token"]').content;
const [, page] = document.title.split(" "); // "longplay arena"

// Waits for the network; throws an error that says in words what is wrong.
async function reach(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(`The ${page} does not answer. Is \`longplay ${page}\` still running?`);
  }
}

async function ask(path, options = {}) {
  const response = await reach(fetch(`api/${path}`, options));
  if (!response.ok) throw new Error(await reach(response.text()));
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

// Yields the objects of an answer that comes line by line.
export async function* lines(path, body, signal) {
  const reader = (await send(path, body, { signal })).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reach(reader.read());
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const line of parts.map((part) => JSON.parse(part))) {
      if (line.error) throw new Error(line.error);
      yield line;
    }
  }
}

export async function post(path, body = {}) {
  return (await send(path, body)).json();
}
