/* What each tool does with a gesture: begin, move, end. Points are [row, column]. */

import { byId, icon, make, say } from "./dom.js";
import { addObject } from "./hole.js";
import { chooseClass } from "./palette.js";
import { line, polygon, rectangle, region } from "./raster.js";
import { NONE, changed, commit, guided, labelsNow, on, state, withEdits, withHole } from "./state.js";

const SHAPES = [
  { name: "brush", title: "Brush", key: "b", kind: "stroke" },
  { name: "rectangle", title: "Rectangle", key: "r", kind: "corners" },
  { name: "lasso", title: "Lasso", key: "s", kind: "path" },
];

export const TOOLS = {
  hole: [
    ...SHAPES,
    { name: "erase", title: "Erase", key: "e", kind: "stroke", icon: "eraser" },
    { name: "object", title: "Object", key: "o", kind: "point" },
  ],
  labels: [
    ...SHAPES,
    { name: "erase", title: "Restore", key: "e", kind: "stroke", icon: "eraser" },
    { name: "region", title: "Region", key: "f", kind: "point" },
    { name: "pick", title: "Pick", key: "i", kind: "point" },
  ],
};

const HELP = {
  hole: {
    brush: "Drag to paint what is missing.",
    rectangle: "Drag from corner to corner.",
    lasso: "Draw around what is missing.",
    erase: "Drag to bring the picture back.",
    object: "Click an object to cut it out.",
  },
  labels: {
    brush: "Drag to paint the chosen class.",
    rectangle: "Drag from corner to corner.",
    lasso: "Draw around what gets the class.",
    erase: "Drag to restore the model’s labels.",
    region: "Click a region to give it the class.",
    pick: "Click to paint with the class there.",
  },
};

export const SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96];

export const drawing = () => !state.opening && (state.step === "hole" || (state.step === "labels" && guided()));
export const toolOf = (step = state.step) => TOOLS[step]?.find((tool) => tool.name === state.tool[step]);
export const helpOf = () => (drawing() && HELP[state.step]?.[state.tool[state.step]]) || "";
export const sizeNow = () => (toolOf()?.kind === "stroke" ? state.size[state.step] : 1);

export let gesture = null;

const emptyMask = () => new Uint8Array(state.entry.hole.length);

/* Begin at a point; `erases` makes any stroke an eraser, as the other end of a pen does. */
export function begin(point, erases = false) {
  const tool = toolOf();
  if (tool.kind === "point") {
    act(tool.name, point);
    return;
  }
  gesture = { tool, erases: erases || tool.name === "erase", start: point, last: point, points: [point], mask: emptyMask() };
  move(point);
}

export function move(point) {
  if (!gesture) return;
  const { height, width } = state.picture;
  if (gesture.tool.kind === "stroke") line(gesture.mask, height, width, gesture.last, point, sizeNow());
  if (gesture.tool.kind === "path") gesture.points.push(point);
  gesture.last = point;
  if (gesture.tool.kind === "stroke") state.draft = applied(gesture);
  changed("draft");
}

export function end() {
  if (!gesture) return;
  const { height, width } = state.picture;
  const { tool, mask, start, last, points } = gesture;
  if (tool.kind === "corners") rectangle(mask, height, width, start, last);
  if (tool.kind === "path") polygon(mask, height, width, points);
  const entry = applied(gesture);
  gesture = null;
  if (differs(entry)) commit(entry);
  else cancel();
}

export function cancel() {
  gesture = null;
  state.draft = null;
  changed("draft");
}

function differs(entry) {
  return ["hole", "edits"].some((name) => entry[name].some((value, place) => value !== state.entry[name][place]));
}

function applied({ mask, erases }) {
  const { entry, step, insideOnly, chosen } = state;
  if (step === "hole") return withHole(entry, entry.hole.map((value, place) => (mask[place] ? (erases ? 0 : 255) : value)));
  const value = erases ? NONE : chosen;
  const inside = (place) => mask[place] && (!insideOnly || erases || entry.hole[place]);
  return withEdits(entry, entry.edits.map((old, place) => (inside(place) ? value : old)));
}

function act(name, [row, column]) {
  if (name === "object") {
    addObject([row, column]);
    return;
  }
  const labels = labelsNow();
  const { height, width } = state.picture;
  const value = labels?.[row * width + column] ?? NONE;
  if (value === NONE) {
    say("There is no label here yet. Labels come with the first fill.");
  } else if (name === "pick") {
    chooseClass(value);
    chooseTool("brush");
  } else {
    const bounds = state.insideOnly ? state.entry.hole : null;
    if (bounds && !bounds[row * width + column]) say("This region is outside the hole.");
    const shape = { mask: emptyMask(), erases: false };
    region(shape.mask, height, width, [row, column], labels, bounds);
    const entry = applied(shape);
    if (differs(entry)) commit(entry);
  }
}

export function chooseTool(name, step = state.step) {
  if (!TOOLS[step]?.some((tool) => tool.name === name)) return;
  cancel();
  state.tool[step] = name;
  changed("tool");
}

export function changeSize(by) {
  const { step } = state;
  if (!state.size[step]) return;
  const place = SIZES.indexOf(state.size[step]) + by;
  state.size[step] = SIZES[Math.min(SIZES.length - 1, Math.max(0, place))];
  changed("tool");
}

function buttons(step) {
  return TOOLS[step].map(({ name, title, key, icon: drawn = name }) => {
    const button = make("button", { type: "button", title: `${title} (${key.toUpperCase()})`, className: "tool" }, icon(drawn), make("span", { textContent: title }));
    button.dataset.tool = name;
    button.setAttribute("aria-keyshortcuts", key);
    button.addEventListener("click", () => chooseTool(name, step));
    return button;
  });
}

function show() {
  for (const step of Object.keys(TOOLS)) {
    for (const button of byId(`${step}-tools`).children) button.setAttribute("aria-pressed", String(button.dataset.tool === state.tool[step]));
    const objects = byId(`${step}-tools`).querySelector("[data-tool=object]");
    if (objects) objects.disabled = !state.picture?.objects;
    byId(`${step}-size`).value = String(SIZES.indexOf(state.size[step]));
    byId(`${step}-size`).disabled = toolOf(step).kind !== "stroke";
    byId(`${step}-size-text`).textContent = `${state.size[step]} px`;
    byId(`${step}-size`).setAttribute("aria-valuetext", `${state.size[step]} pixels`);
  }
}

export function startTools() {
  for (const step of Object.keys(TOOLS)) {
    byId(`${step}-tools`).replaceChildren(...buttons(step));
    const slider = byId(`${step}-size`);
    slider.max = String(SIZES.length - 1);
    slider.addEventListener("input", () => {
      state.size[step] = SIZES[Number(slider.value)];
      changed("tool");
    });
  }
  on("tool step picture", show);
  show();
}
