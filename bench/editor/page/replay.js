/* The document that makes the fills again: the server writes it, and reads it. */

import { call } from "./api.js";
import { say } from "./dom.js";
import { bitmapOf, busy, holeFiles, holeUrl, resultOf } from "./fill.js";
import { decodeGrey } from "./png.js";
import { settle } from "./problems.js";
import { NONE, begin, modelOf, resultIsValid, state } from "./state.js";
import { add, restore } from "./variants.js";

/* The fills of the present hole in the order of the document: the variants, and the present fill if it is none of them. */
export function fillsOfHole() {
  const { entry, variants } = state;
  const kept = variants.filter(({ hole }) => hole === entry.hole);
  const isKept = kept.some(({ result }) => result === entry.result);
  const present = { title: "Present fill", model: state.model, result: entry.result };
  return resultIsValid(entry) && !isKept ? [...kept, present] : kept;
}

export async function replayDocument() {
  busy("Writing the replay file …");
  try {
    const variants = fillsOfHole().map(({ title, model, result: { byHand, labelsUrl, alternative } }) => ({ title, model, labels: byHand ? labelsUrl : null, alternative }));
    return (await call("replay", { hole: await holeUrl(state.entry.hole), seed: 0, variants })).document;
  } finally {
    busy("");
  }
}

const classesOf = (name) => modelOf(name)?.classes ?? [];

/* Make the picture, hole and fills of a document the work; what was there stays if that fails. */
export async function openReplay(text) {
  busy("Making the fills of the replay file again …");
  state.opening = true;
  try {
    const { picture, hole, variants } = await call("replay/open", { document: text });
    const bitmap = await bitmapOf(picture.picture);
    const missing = (await decodeGrey(hole)).values;
    const results = await Promise.all(variants.map((one) => resultOf(one, one.model, one.edited, one.alternative)));
    holeFiles.set(missing, hole);
    settle();
    begin({ ...picture, source: { document: text }, side: null, url: picture.picture, bitmap });
    variants.forEach(({ title, model, edited, alternative }, index) => {
      const unedited = alternative === null ? new Uint8Array(missing.length).fill(NONE) : undefined;
      const edits = edited ? results[index].labels : unedited;
      add({ hole: missing, edits, classes: classesOf(model), own: null, result: results[index], model }, title);
    });
    restore(state.variants[0]);
    const changed = variants.filter(({ same }) => !same).length;
    say(changed ? `The replay is open; ${changed} of ${variants.length} fills differ from the recorded ones.` : `The replay is open; all fills are as recorded.`);
  } finally {
    state.opening = false;
    busy("");
  }
}
