/* The three steps as tabs: picture, hole, labels. */

import { byId } from "./dom.js";
import { changed, guided, on, state } from "./state.js";
import { cancel, drawing, helpOf } from "./tools.js";

const STEPS = ["picture", "hole", "labels"];
const TITLES = { picture: "Picture", hole: "Picture and hole", labels: "Labels" };
const LABELS = {
  picture: "The picture. Choose the step Hole or Labels to draw on it.",
  hole: "Canvas to draw the hole on. Arrow keys move the cursor, Space draws while it is held, Enter begins and ends a shape, Escape cancels it.",
  labels: "Canvas to draw labels on. Arrow keys move the cursor, Space draws while it is held, Enter begins and ends a shape, Escape cancels it.",
};

/* Turn to a step; `focus` moves the focus to its tab. */
export function chooseStep(step, focus = false) {
  if (step !== "picture" && !state.picture) return;
  cancel();
  state.step = step;
  changed("step", "tool");
  if (focus) byId(`${step}-tab`).focus();
}

function show() {
  for (const step of STEPS) {
    const tab = byId(`${step}-tab`);
    const active = step === state.step;
    tab.setAttribute("aria-selected", String(active));
    tab.tabIndex = active ? 0 : -1;
    tab.disabled = step !== "picture" && !state.picture;
    byId(`${step}-panel`).hidden = !active;
  }
  byId("canvas-title").textContent = TITLES[state.step];
  byId("canvas").setAttribute("aria-label", LABELS[state.step]);
  byId("canvas").classList.toggle("drawing", drawing());
  byId("opacity-control").hidden = state.step !== "labels" || !guided();
  byId("tool-help").textContent = helpOf();
}

export function startSteps() {
  STEPS.forEach((step, index) => {
    const tab = byId(`${step}-tab`);
    tab.addEventListener("click", () => chooseStep(step));
    tab.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      chooseStep(STEPS[(index + by + STEPS.length) % STEPS.length], true);
    });
  });
  on("step picture model tool", show);
  show();
}
