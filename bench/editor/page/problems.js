/* The line that says what went wrong, and offers to try again. */

import { Problem } from "./api.js";
import { byId, say } from "./dom.js";

let again = null;

/* Show a failure; `retry`, if any, is offered for what may work the next time. */
export function report(error, retry = null) {
  if (!(error instanceof Problem)) console.error(error);
  byId("problem-text").textContent = error.message.charAt(0).toUpperCase() + error.message.slice(1);
  again = ["lost", "failed"].includes(error.kind) ? retry : null;
  byId("problem-retry").hidden = !again;
  byId("problem").hidden = false;
  say("");
}

export function settle() {
  byId("problem").hidden = true;
  again = null;
}

/* Run an action; what fails is shown. Returns whether it worked. */
export async function attempt(action, retry = null) {
  try {
    await action();
    return true;
  } catch (error) {
    report(error, retry);
    return false;
  }
}

export function startProblems() {
  byId("problem-close").addEventListener("click", settle);
  byId("problem-retry").addEventListener("click", () => {
    const action = again;
    settle();
    action?.();
  });
}
