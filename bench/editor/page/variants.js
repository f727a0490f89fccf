/* Fills that a person keeps, and the model's own alternatives. */

import { call } from "./api.js";
import { byId, icon, make, plural, say } from "./dom.js";
import { busy, holeUrl, resultOf } from "./fill.js";
import { attempt, settle } from "./problems.js";
import { show } from "./result.js";
import { NONE, anySet, changed, commit, guided, on, resultIsValid, state } from "./state.js";
import { contentOf, draw, titleOf } from "./views.js";

let made = 0;

/* Keep the present fill with its hole and labels. */
export function keepVariant() {
  const { entry, model } = state;
  if (!resultIsValid(entry)) {
    say("There is no finished fill to keep yet.");
    return;
  }
  add({ hole: entry.hole, edits: entry.edits, classes: entry.classes, own: entry.own, result: entry.result, model });
}

/* Add a variant: {hole, edits, own, result, model}. */
export function add(kept, title = null) {
  made = state.variants.length ? made + 1 : 1;
  const variant = { ...kept, key: `variant-${made}`, title: title ?? `Variant ${made}` };
  state.variants = [...state.variants, variant];
  say(`${variant.title} is kept.`);
  changed("variants");
}

export async function alternatives() {
  const { entry, model, picture } = state;
  if (!guided() || !anySet(entry.hole)) {
    say(guided() ? "Paint a hole first." : "Only a model guided by labels has alternatives.");
    return;
  }
  const k = Number(byId("k").value);
  await attempt(async () => {
    busy(`Drawing ${k} alternatives …`);
    try {
      const answer = await call("alternatives", { model, hole: await holeUrl(entry.hole), k, seed: 0 });
      const list = await Promise.all(
        answer.alternatives.map(async (one, index) => {
          const result = await resultOf(one, model, false, index);
          return { key: `alternative-${index + 1}`, title: `Alternative ${index + 1}`, hole: entry.hole, classes: state.classes, result, model };
        }),
      );
      if (state.picture !== picture || state.entry.hole !== entry.hole) return;
      state.alternatives = list;
      settle();
      say(`${plural(list.length, "alternative")} by ${model}.`);
      changed("variants", "view");
    } finally {
      busy("");
    }
  }, alternatives);
}

/* Make a kept fill the one that is worked on; its labels can be edited further. */
export function restore(kept) {
  const edits = kept.edits ?? kept.result.labels?.map((value, place) => (kept.hole[place] ? value : NONE)) ?? new Uint8Array(kept.hole.length).fill(NONE);
  const own = kept.own ?? (state.entry.hole === kept.hole ? state.entry.own : null);
  if (state.model !== kept.model) {
    byId("model").value = kept.model;
    byId("model").dispatchEvent(new Event("change"));
  }
  commit({ hole: kept.hole, edits, classes: kept.classes, own, result: kept.result });
  show("fill");
  say(`${kept.title} is on the canvas.`);
}

function remove(variant) {
  state.variants = state.variants.filter((one) => one !== variant);
  if (state.view === variant.key) state.view = "fill";
  byId("keep").focus();
  say(`${variant.title} is removed.`);
  changed("variants", "view");
}

function small(name, text, action) {
  const button = make("button", { type: "button", className: "small", title: text, "aria-label": text }, icon(name));
  button.addEventListener("click", action);
  return button;
}

function card(kept) {
  const isVariant = kept.key.startsWith("variant");
  const see = make("button", { type: "button", className: "see", title: `Show ${kept.title}` }, make("img", { src: kept.result.url, alt: kept.title, draggable: false }));
  see.setAttribute("aria-pressed", String(state.view === kept.key));
  see.dataset.view = kept.key;
  see.addEventListener("click", () => show(state.view === kept.key ? "fill" : kept.key));
  const item = make("li", { className: isVariant ? "card" : "card alternative" }, see);
  const actions = [small("edit", `Edit ${kept.title}`, () => restore(kept))];
  if (isVariant) {
    const name = make("input", { type: "text", value: kept.title, maxLength: 40, "aria-label": `Name of ${kept.title}` });
    name.addEventListener("change", () => {
      kept.title = name.value.trim() || kept.title;
      changed("variants", "view");
    });
    item.append(name);
    actions.push(small("close", `Remove ${kept.title}`, () => remove(kept)));
  } else {
    item.append(make("span", { className: "name", textContent: kept.title }));
    actions.push(small("keep", `Keep ${kept.title}`, () => add({ ...kept, edits: undefined }, kept.title)));
  }
  item.append(make("span", { className: "actions" }, ...actions));
  return item;
}

const controlsOf = (item) => [...(item?.querySelectorAll("button, input") ?? [])];

/* The card and the control of it that has the focus, as numbers. */
function focusedControl() {
  const item = document.activeElement.closest("#cards > li");
  return item && [[...item.parentNode.children].indexOf(item), controlsOf(item).indexOf(document.activeElement)];
}

function list() {
  const all = [...state.variants, ...state.alternatives];
  const at = focusedControl();
  byId("cards").replaceChildren(...all.map(card));
  if (at) controlsOf(byId("cards").children[at[0]])[at[1]]?.focus();
  byId("no-cards").hidden = all.length > 0;
  byId("side-by-side").disabled = !all.length;
}

function pressed() {
  for (const see of document.querySelectorAll("#cards .see")) see.setAttribute("aria-pressed", String(see.dataset.view === state.view));
  byId("keep").disabled = !resultIsValid(state.entry);
  byId("alternatives").disabled = byId("k").disabled = !guided() || !state.entry || !anySet(state.entry.hole);
}

/* All fills, large, in one window. */
export function sideBySide() {
  const views = ["truth", "incomplete", "fill", ...[...state.variants, ...state.alternatives].map(({ key }) => key)];
  const shown = views.filter((view) => contentOf(view));
  if (!shown.length) return;
  byId("all-fills").replaceChildren(
    ...shown.map((view) => {
      const canvas = make("canvas", { role: "img", "aria-label": titleOf(view) });
      draw(canvas, contentOf(view));
      return make("figure", {}, canvas, make("figcaption", { textContent: titleOf(view) }));
    }),
  );
  byId("all").showModal();
}

export function startVariants() {
  byId("k").replaceChildren(...[2, 3, 4, 5, 6, 7, 8].map((value) => make("option", { value, textContent: String(value), selected: value === 4 })));
  byId("keep").addEventListener("click", keepVariant);
  byId("alternatives").addEventListener("click", alternatives);
  byId("side-by-side").addEventListener("click", sideBySide);
  on("variants", list);
  on("variants view result entry model", pressed);
  list();
}
