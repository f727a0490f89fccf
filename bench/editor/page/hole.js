/* Step 2: the hole, beside what the tools draw. */

import { call } from "./api.js";
import { byId, make, share, say } from "./dom.js";
import { busy } from "./fill.js";
import { decodeGrey } from "./png.js";
import { attempt } from "./problems.js";
import { commit, count, on, state, withHole, work } from "./state.js";

async function holeOf(body) {
  busy("Drawing the hole …");
  try {
    return (await decodeGrey((await call("hole", body)).hole)).values;
  } finally {
    busy("");
  }
}

/* Add the object at a pixel to the hole. */
export function addObject([row, column]) {
  const { entry } = state;
  return attempt(async () => {
    const object = await holeOf({ object: [row, column] });
    if (state.entry === entry) commit(withHole(entry, entry.hole.map((value, place) => value || object[place])));
  });
}

function drawProtocol() {
  const { entry } = state;
  const [protocol, seed] = [byId("protocol").value, Math.max(0, Math.trunc(Number(byId("seed").value) || 0))];
  return attempt(async () => {
    const hole = await holeOf({ protocol, seed });
    if (state.entry === entry) commit(withHole(entry, hole));
  }, drawProtocol);
}

function clear() {
  const { entry } = state;
  commit(withHole(entry, new Uint8Array(entry.hole.length)));
  say("The hole is empty.");
}

function facts() {
  const entry = work();
  const missing = entry ? count(entry.hole) : 0;
  byId("hole-share").textContent = missing ? `${share(missing, entry.hole.length)} of the picture is missing.` : "Nothing is missing yet.";
  byId("hole-clear").disabled = !missing;
  byId("protocol-draw").disabled = !entry;
}

function summary() {
  const { protocols } = state.server;
  byId("protocol-summary").textContent = protocols.find((one) => one.name === byId("protocol").value)?.summary ?? "";
}

export function startHole() {
  const { protocols } = state.server;
  byId("protocol").replaceChildren(...protocols.map(({ name }) => make("option", { value: name, textContent: name })));
  byId("protocol").addEventListener("change", summary);
  byId("protocol-draw").addEventListener("click", drawProtocol);
  byId("hole-clear").addEventListener("click", clear);
  summary();
  on("entry draft picture", facts);
  facts();
}
