/* Requests to the server. Every failure becomes a Problem whose message is a sentence. */

const PATIENCE = 180_000;
const LOST = "The server does not answer. It may have stopped, or the connection is gone. Your work is kept on this page.";

export class Problem extends Error {
  constructor(text, kind = "refused") {
    super(text);
    this.kind = kind; // "lost" and "failed" may work the next time, "gone" and "refused" do not
  }
}

const KINDS = { 410: "gone", 429: "failed", 500: "failed" };

let session = "";
let restore = async () => {};

/* `action` gives the server what it needs when it has forgotten the session. */
export function onForgotten(action) {
  restore = action;
}

async function answerOf(path, options) {
  let answer;
  try {
    answer = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Problem(LOST, "lost");
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  const text = body?.error?.text;
  if (!text && answer.status >= 500) throw new Problem(LOST, "lost"); // it was stopped while it worked
  throw new Problem(text ?? `The server answered ${answer.status}, without a reason.`, KINDS[answer.status] ?? "refused");
}

/* A new session: models, samples, protocols and limits. */
export async function start() {
  const answer = await answerOf("api/start");
  session = answer.session;
  return answer;
}

const send = (path, body) =>
  answerOf(`api/${path}`, { method: "POST", headers: { "Content-Type": "application/json", "X-Session": session }, body: JSON.stringify(body) });

/* The answer to a request; after a restart of the server the session is made anew, once. */
export async function call(path, body) {
  try {
    return await send(path, body);
  } catch (problem) {
    if (problem.kind !== "gone") throw problem;
    await start();
    if (path !== "picture" && path !== "replay/open") await restore(send);
    return send(path, body);
  }
}
