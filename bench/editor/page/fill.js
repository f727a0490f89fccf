/* The fill follows the hole and the labels: one request at a time, always for the newest work. */

import { Problem, call } from "./api.js";
import { byId, say } from "./dom.js";
import { decodeGrey, encodeGrey } from "./png.js";
import { attempt, settle } from "./problems.js";
import { anySet, changed, edited, guided, labelsNow, modelOf, ownIsValid, resultIsValid, state } from "./state.js";

let wanted = 0;
let running = false;
let request = 0;
let strokeEnded = 0;

export async function bitmapOf(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

export function busy(text) {
  state.busy = text;
  if (text) say(text);
  changed("busy");
}

/* Hole of an entry as the server reads it; encoded once an entry. */
const holes = new WeakMap();
export async function holeUrl(hole) {
  if (!holes.has(hole)) holes.set(hole, await encodeGrey(hole, state.picture.height, state.picture.width));
  return holes.get(hole);
}

/* Holes as the server writes them, once it has filled them. */
export const holeFiles = new WeakMap();

/* Bring the fill up to date. Returns when it is, or when that failed. */
export async function refresh() {
  wanted += 1;
  strokeEnded = performance.now();
  if (running) return;
  running = true;
  let worked = true;
  for (let done = -1; worked && done !== wanted; ) {
    done = wanted;
    worked = await attempt(update, refresh);
  }
  busy("");
  running = false;
}

async function update() {
  const { entry, picture } = state;
  if (!picture || !anySet(entry.hole) || resultIsValid(entry)) return;
  const { model } = state;
  const byHand = guided() && edited(entry);
  if (!byHand || !ownIsValid(entry)) {
    const answer = await ask(entry, null);
    if (!answer || state.picture !== picture) return;
    if (modelOf(model).guided) entry.own = { model, classes: modelOf(model).classes, hole: entry.hole, ...(await mapsOf(answer)) };
    changed("entry");
    if (!byHand) await keep(entry, model, answer, byHand);
  }
  if (byHand && state.entry === entry && state.model === model) {
    const answer = await ask(entry, await encodeGrey(labelsNow(entry), picture.height, picture.width));
    if (answer && state.picture === picture) await keep(entry, model, answer, byHand);
  }
}

async function ask(entry, labels) {
  busy(labels ? "Filling under your labels …" : "Filling the hole …");
  request += 1;
  const answer = await call("fill", { model: state.model, hole: await holeUrl(entry.hole), labels, seed: 0, request });
  return answer.superseded ? null : answer;
}

async function mapsOf({ labels, visible, predicted }) {
  const maps = { labels, visible, predicted };
  for (const [name, url] of Object.entries(maps)) maps[name] = url ? (await decodeGrey(url)).values : null;
  return maps;
}

/* A fill as it is kept: `byHand` says whether a person's labels guided it, `alternative` which of the model's own it is. */
export async function resultOf({ fill, labels }, model, byHand, alternative = null) {
  const values = labels ? (await decodeGrey(labels)).values : null;
  return { model, url: fill, bitmap: await bitmapOf(fill), labels: values, labelsUrl: labels, byHand, alternative, score: null };
}

async function keep(entry, model, answer, byHand) {
  const result = await resultOf(answer, model, byHand);
  entry.result = result;
  holeFiles.set(entry.hole, answer.hole);
  settle();
  changed("result");
  if (state.entry !== entry) return;
  performance.measure("stroke to fill", { start: strokeEnded });
  say(`Filled in ${Math.round(answer.milliseconds.all)} ms.`);
  byId("stage-times").textContent = told(answer);
  score(entry);
}

/* Ask how far a fill is from the picture; no later fill waits for it, and without an answer nothing is shown. */
export async function score({ hole, result }) {
  try {
    const { psnr } = await call("score", { fill: result.url, hole: await holeUrl(hole) });
    result.score = psnr ?? Infinity;
    changed("result");
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

const STAGES = [
  ["segmenter", "segmenter"],
  ["sp-net", "SP-Net"],
  ["sg-net", "SG-Net"],
];

function told({ milliseconds, reused = [] }) {
  const again = STAGES.filter(([key]) => reused.includes(key)).map(([, name]) => name);
  const anew = STAGES.filter(([key]) => milliseconds[key] > 0).map(([key, name]) => `${name} ${Math.round(milliseconds[key])}`);
  return [again.length ? `${again.join(", ")} reused` : "", anew.length ? `${anew.join(", ")} ms` : ""].filter(Boolean).join(" · ");
}
