/* The work of one person, and who is told when it changes.
 *
 * An entry is one state of hole and labels: {hole, edits, classes, own, result}. Entries never change but for `own`
 * and `result`, which arrive later; every edit makes a new one, so undo is a step back to an older entry.
 *   hole    Uint8Array, 255 = missing
 *   edits   Uint8Array, class that a person gave a pixel, NONE = the model's own
 *   classes that the edits are indices of
 *   own     the model's own label maps of this hole {model, classes, hole, visible, predicted, labels}, or null
 *   result  the fill {model, url, bitmap, labels, labelsUrl, ...}, or null
 */

export const NONE = 255;
const MOST_ENTRIES = 100;
const MOST_FILLS = 20; // of older entries; others are computed again

export const state = {
  server: null, // what /api/start said
  picture: null, // {source, url, bitmap, height, width, name, note, objects}
  entry: null,
  draft: null, // {hole, edits}: what a tool is drawing just now
  past: [],
  future: [],
  newest: null, // the fill that was seen last; it stays in sight until the next one comes
  model: null,
  classes: [], // of the newest guided model
  variants: [],
  alternatives: [],
  step: "picture",
  tool: { hole: "brush", labels: "brush" },
  size: { hole: 24, labels: 16 },
  chosen: 0, // class to paint with
  insideOnly: true,
  view: "fill",
  against: "",
  busy: "",
  opening: false, // another picture is on its way: nothing is drawn on the old one
};

const listeners = new Map();

/* Call `listener` after any of `topics` changed, once a frame. */
export function on(topics, listener) {
  for (const topic of topics.split(" ")) listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
}

let waiting = new Set();

export function changed(...topics) {
  if (!waiting.size) setTimeout(tell);
  for (const topic of topics) for (const listener of listeners.get(topic) ?? []) waiting.add(listener);
}

function tell() {
  const due = waiting;
  waiting = new Set();
  for (const listener of due) listener();
}

export const anySet = (mask) => mask.some((value) => value !== 0);
export const edited = (entry) => entry.edits.some((value) => value !== NONE);
export const count = (mask) => mask.reduce((sum, value) => sum + (value ? 1 : 0), 0);

export const modelOf = (name) => state.server.models.find((one) => one.name === name);
export const guided = () => Boolean(state.model && modelOf(state.model).guided);
export const ownIsValid = (entry) => Boolean(entry.own && entry.own.model === state.model && entry.own.hole === entry.hole);
export const resultIsValid = (entry) => Boolean(entry?.result && entry.result.model === state.model);

/* What a person works on: the drawing in progress, else the entry. */
export const work = () => state.draft ?? state.entry;

export function blank({ height, width }) {
  return { hole: new Uint8Array(height * width), edits: new Uint8Array(height * width).fill(NONE), classes: state.classes, own: null, result: null };
}

/* Begin with a picture; whatever was undone or kept belongs to another. */
export function begin(picture) {
  Object.assign(state, { picture, entry: blank(picture), draft: null, past: [], future: [], newest: null, variants: [], alternatives: [], view: "fill", against: "" });
  changed("picture", "entry", "result", "variants", "view");
}

/* Make an entry the present one; the present one can be come back to. */
export function commit(entry) {
  state.past = [...state.past.slice(1 - MOST_ENTRIES), state.entry];
  const old = state.past.at(-1 - MOST_FILLS);
  if (old) old.result = null;
  state.future = [];
  present(entry);
}

const sameClasses = (some, others) => some === others || (some.length === others.length && some.every(({ name }, index) => name === others[index].name));

/* An entry whose edits are in the indices of the present classes, by name; edits of other classes are left out. */
export function translated(entry) {
  if (sameClasses(entry.classes, state.classes)) return entry;
  const place = new Map(state.classes.map(({ name }, index) => [name, index]));
  const moved = entry.classes.map(({ name }) => place.get(name) ?? NONE);
  return { ...entry, edits: entry.edits.map((value) => moved[value] ?? NONE), classes: state.classes, result: null };
}

function present(older) {
  const entry = translated(older);
  if (entry.hole !== state.entry.hole) state.alternatives = [];
  Object.assign(state, { entry, draft: null });
  changed("entry", "result", "variants", "view");
}

export function undo() {
  if (!state.past.length) return false;
  state.future = [state.entry, ...state.future];
  present(state.past.pop());
  return true;
}

export function redo() {
  if (!state.future.length) return false;
  state.past.push(state.entry);
  const [entry, ...rest] = state.future;
  state.future = rest;
  present(entry);
  return true;
}

/* An entry with another hole: edits leave with the pixels that are no longer missing. */
export function withHole(entry, hole) {
  const edits = entry.edits.map((value, place) => (entry.hole[place] && !hole[place] ? NONE : value));
  return { hole, edits, classes: entry.classes, own: entry.own, result: null };
}

export const withEdits = (entry, edits) => ({ hole: entry.hole, edits, classes: entry.classes, own: entry.own, result: null });

/* One of the model's own maps, `visible`, `predicted` or `labels`; of an older hole until the new one is filled. */
export function ownMap(name) {
  const own = state.entry?.own;
  return own && guided() && sameClasses(own.classes, state.classes) ? own[name] : null;
}

/* The label map to see and to be guided by: the person's edits over the model's own; null before there is any. */
export function labelsNow(entry = work()) {
  const base = ownMap("labels");
  if (!entry) return null;
  if (!base) return entry.edits.some((value) => value !== NONE) ? entry.edits : null;
  return base.map((value, place) => (entry.edits[place] === NONE ? value : entry.edits[place]));
}
