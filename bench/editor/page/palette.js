/* Step 3: the classes to paint with, and the model that gives them. */

import { byId, make, say } from "./dom.js";
import { refresh } from "./fill.js";
import { NONE, changed, commit, edited, guided, modelOf, on, state, translated, withEdits } from "./state.js";

const KEYS = "1234567890";

export const colourOf = (index) => state.classes[index]?.colour ?? "#000000";

/* Red, green and blue of every class. */
export const rgbOf = (index) => [1, 3, 5].map((at) => parseInt(colourOf(index).slice(at, at + 2), 16));

export function chooseClass(index) {
  if (!state.classes[index]) return;
  state.chosen = index;
  for (const input of document.querySelectorAll("#classes input")) input.checked = Number(input.value) === index;
  say(`Painting ${state.classes[index].name}.`);
  changed("tool");
}

export const stepClass = (by) => chooseClass((state.chosen + by + state.classes.length) % state.classes.length);

/* The class of a number key, or -1. */
export const classOfKey = (key) => KEYS.indexOf(key);

function list() {
  byId("classes").replaceChildren(
    ...state.classes.map(({ name }, index) => {
      const input = make("input", { type: "radio", name: "class", value: String(index), checked: index === state.chosen });
      input.addEventListener("change", () => chooseClass(index));
      const swatch = make("span", { className: "swatch" });
      swatch.style.background = colourOf(index);
      const label = make("label", {}, input, swatch, make("span", { className: "name", textContent: name }));
      if (KEYS[index]) label.append(make("kbd", { textContent: KEYS[index], "aria-hidden": "true" }));
      return label;
    }),
  );
}

function chooseModel(name) {
  state.model = name;
  const { classes, guided: isGuided } = modelOf(name);
  if (isGuided) state.classes = classes;
  state.chosen = Math.max(0, Math.min(state.chosen, state.classes.length - 1));
  list();
  if (state.entry && translated(state.entry) !== state.entry) commit(state.entry);
  say(isGuided ? `${name} fills the hole.` : `${name} fills the hole; it has no labels to edit.`);
  changed("model", "entry", "result", "tool", "view");
  refresh();
}

function models() {
  const group = (label, wanted) => {
    const options = state.server.models.filter((one) => one.guided === wanted).map(({ name, title }) => make("option", { value: name, textContent: title }));
    return options.length ? [make("optgroup", { label }, ...options)] : [];
  };
  byId("model").replaceChildren(...group("Guided by labels", true), ...group("Without labels", false));
}

function facts() {
  byId("unguided").hidden = guided();
  byId("guided").hidden = !guided();
  byId("labels-reset").disabled = !(state.entry && edited(state.entry));
}

export function startPalette() {
  models();
  byId("model").addEventListener("change", () => chooseModel(byId("model").value));
  byId("labels-reset").addEventListener("click", () => {
    commit(withEdits(state.entry, state.entry.edits.map(() => NONE)));
    say("The labels are the model's own again.");
  });
  byId("inside-only").addEventListener("change", () => {
    state.insideOnly = byId("inside-only").checked;
  });
  on("model entry", facts);
  chooseModel(byId("model").value);
}
