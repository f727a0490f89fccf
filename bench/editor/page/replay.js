/* The document that makes the fills again: written by the server, and read by it. */

import { call } from "./api.js";
import { busy, holeUrl } from "./fill.js";
import { state } from "./state.js";

export async function replayDocument() {
  const { entry, model, variants } = state;
  busy("Writing the replay file …");
  try {
    const present = { title: "Present fill", labels: entry.result.labelsUrl, fill: entry.result.url };
    const kept = variants.map(({ title, result }) => ({ title, labels: result.labelsUrl, fill: result.url }));
    return (await call("replay", { model, hole: await holeUrl(entry.hole), seed: 0, variants: [present, ...kept] })).text;
  } finally {
    busy("");
  }
}

export async function openReplay(text) {
  await call("replay/open", { document: text });
}
