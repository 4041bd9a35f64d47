// The control API as the console uses it: calls, and the journal as it grows.

const TOKEN = "espf-control-token";

/** What the control API refused, in its own words. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Keep a token for as long as the tab is open. */
export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

async function ask(method, path, { body, signal } = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/_sim${path}`, { method, headers, signal, body: body === undefined ? body : JSON.stringify(body) });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new Refusal(answer.status, told.error ?? `${method} ${path} was answered ${answer.status}.`);
}

/** Ask the control API, and read its JSON. */
export async function call(method, path, body) {
  return (await ask(method, path, { body })).json();
}

/**
 * Follow the journal from a record on: `hear` is told of each record as it is begun and as it is answered,
 * in portions. Returns when the stream ends, as at a reset; raises when it breaks.
 */
export async function follow(since, hear, signal) {
  const answer = await ask("GET", `/journal/stream?since=${since}`, { signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    const events = parts.map(read);
    hear(events.filter((event) => event.name === "message" && event.data).map((event) => JSON.parse(event.data)));
    if (events.some((event) => event.name === "stopped")) return;
  }
}

function read(part) {
  const event = { name: "message", data: "" };
  for (const line of part.split("\n")) {
    if (line.startsWith("event: ")) event.name = line.slice(7);
    if (line.startsWith("data: ")) event.data = line.slice(6);
  }
  return event;
}
