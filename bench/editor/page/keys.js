/* Keys of the whole page. Letters and digits are left alone where text is typed, and can be switched off. */

import { byId } from "./dom.js";
import { help } from "./help.js";
import { chooseClass, classOfKey, stepClass } from "./palette.js";
import { chooseStep } from "./steps.js";
import { TOOLS, changeSize, chooseTool } from "./tools.js";
import { redo, state, undo } from "./state.js";
import { alternatives, keepVariant, sideBySide } from "./variants.js";

const ACTIONS = {
  "?": help,
  "[": () => changeSize(-1),
  "-": () => changeSize(-1),
  "]": () => changeSize(1),
  "+": () => changeSize(1),
  ",": () => stepClass(-1),
  ".": () => stepClass(1),
  p: () => chooseStep("picture"),
  h: () => chooseStep("hole"),
  l: () => chooseStep("labels"),
  k: keepVariant,
  a: alternatives,
  v: sideBySide,
};

const typed = (target) => target.matches("input:not([type=radio], [type=checkbox], [type=range]), textarea, select");

function pressed(event) {
  const third = event.getModifierState("AltGraph"); // "[" is a third level of many keyboards, with Ctrl and Alt set
  if (document.querySelector("dialog[open]") || typed(event.target) || (event.altKey && !third)) return;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !third) {
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) redo();
    else undo();
    return;
  }
  if (!byId("single-keys").checked || !state.picture) return;
  const tool = TOOLS[state.step]?.find((one) => one.key === key);
  const label = state.step === "labels" ? classOfKey(key) : -1;
  if (tool) chooseTool(tool.name);
  else if (label >= 0) chooseClass(label);
  else if (ACTIONS[key]) ACTIONS[key]();
  else return;
  event.preventDefault();
}

export function startKeys() {
  addEventListener("keydown", pressed);
  byId("undo").addEventListener("click", undo);
  byId("redo").addEventListener("click", redo);
}
