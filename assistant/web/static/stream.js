// @ts-check
/** Asks the server and reads its answer piece by piece; whatever goes wrong becomes a `Failure` that can be told. */

/** Something the reader is told: whole sentences, and whether asking the same again may help. */
export class Failure extends Error {
  /** @param {string} message @param {{passing?: boolean, away?: boolean, gone?: boolean, wait?: number}} [how] */
  constructor(message, { passing = true, away = false, gone = false, wait = 0 } = {}) {
    super(message);
    this.passing = passing;
    this.away = away; // the server is: it may be restarting
    this.gone = gone; // what was asked in is: without it the same can be asked
    this.wait = wait; // seconds until it may be asked again
  }
}

/** Statuses of a server, or of the proxy before it, that is not there at the moment. */
const AWAY = [502, 503, 504];

/**
 * The events of an answer, one by one. The last is `answer`; a stream that ends without it is a failure.
 * @type {(address: string, fields: URLSearchParams, signal: AbortSignal) => AsyncGenerator<{name: string, data: any}>}
 */
export async function* answer(address, fields, signal) {
  const response = await fetch(address, { method: "POST", headers: { Accept: "text/event-stream" }, body: fields, signal });
  if (!response.ok || !response.body) throw await refusal(response);
  for await (const event of events(response.body)) {
    if (event.name === "error") throw new Failure(`Not answered: ${event.data.detail}.`);
    yield event;
    if (event.name === "answer") return;
  }
  throw new Failure("The connection broke before the answer was complete.");
}

/** @type {(error: any) => Failure} Any error as what the reader is told. */
export function failure(error) {
  if (error instanceof Failure) return error;
  if (error.name === "AbortError") return new Failure("Stopped. Your question is kept.");
  if (!navigator.onLine) return new Failure("You are offline. Your question is kept; ask again when the connection is back.");
  if (error instanceof TypeError) {
    return new Failure("The server cannot be reached; it may be restarting. Your question is kept.", { away: true });
  }
  return new Failure("The answer could not be read. Your question is kept; try again.");
}

/** @type {(body: ReadableStream<BufferSource>) => AsyncGenerator<{name: string, data: any}>} Server-sent events. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (pending + value).split("\n\n");
    pending = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, name, data] = /^event: (.*)\ndata: ([^\n]*)/m.exec(block) ?? [];
      if (name) yield { name, data: JSON.parse(data) };
    }
  }
}

/** @type {(response: Response) => Promise<Failure>} What a problem+json says, and when to try again. */
async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const wait = Number(response.headers.get("Retry-After")) || 0;
  const detail = problem.detail ?? `the server answered ${response.status}`;
  const message = `Not asked: ${detail}.${wait ? ` Try again in ${wait} ${wait === 1 ? "second" : "seconds"}.` : ""}`;
  const gone = response.status === 404;
  return new Failure(message, { passing: response.status >= 500 || gone || wait > 0, away: AWAY.includes(response.status), gone, wait });
}
