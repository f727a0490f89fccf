/* The canvas to look at: one view, and another one behind a wipe. */

import { byId, make } from "./dom.js";
import { anySet, changed, guided, on, resultIsValid, state } from "./state.js";
import { VIEWS, contentOf, draw, holePath, titleOf } from "./views.js";

/* Show a view in the large canvas. */
export function show(view) {
  state.view = view;
  changed("view");
}

function emptyText() {
  if (!state.picture) return "Open a picture to begin.";
  if (!anySet(state.entry.hole)) return "Paint a hole in the picture on the left. The model fills it, and the fill appears here.";
  if (state.busy) return "The model is filling the hole …";
  return guided() || state.view === "fill" ? "Nothing to see here yet." : "This model fills without labels.";
}

function drawResult() {
  if (!state.picture) return;
  if (!contentOf(state.against)) state.against = "";
  if (state.entry.result) state.newest = state.entry.result;
  const { view, against } = state;
  const there = draw(byId("seen"), contentOf(view));
  const compared = there && against !== "" && draw(byId("behind"), contentOf(against));
  byId("result-frame").classList.toggle("wiped", Boolean(compared));
  byId("behind").hidden = byId("wipe-line").hidden = byId("right-title").hidden = !compared;
  byId("left-title").hidden = !compared;
  byId("left-title").textContent = titleOf(view);
  byId("right-title").textContent = titleOf(against);
  byId("wipe").disabled = !compared;
  byId("result-empty").hidden = there;
  byId("result-empty").textContent = there ? "" : emptyText();
  byId("result-title").textContent = titleOf(view);
  byId("result-frame").setAttribute("aria-label", there ? altText() : emptyText());
  const stale = view === "fill" && there && !resultIsValid(state.entry);
  byId("result-frame").classList.toggle("stale", stale);
  byId("score").textContent = scoreText((view === "fill" && state.entry.result) || {});
  drawHoleLine();
}

function scoreText({ score = null }) {
  if (score === null) return "";
  return score === Infinity ? "equal to the truth" : `PSNR ${score.toFixed(1)} dB in the hole`;
}

function altText() {
  const { view, against, picture } = state;
  return `${titleOf(view)} of ${picture.name}${against ? `, compared with ${titleOf(against)}` : ""}`;
}

function drawHoleLine() {
  const canvas = byId("hole-line");
  canvas.hidden = !byId("outlined").checked;
  const ratio = devicePixelRatio;
  Object.assign(canvas, { height: Math.round(canvas.clientHeight * ratio), width: Math.round(canvas.clientWidth * ratio) });
  const context = canvas.getContext("2d");
  const scale = canvas.width / state.picture.width;
  context.strokeStyle = "#ff2bd1";
  context.lineWidth = 1.5 * ratio;
  context.stroke(holePath(state.entry.hole, scale));
}

function setWipe(value) {
  byId("wipe").value = value;
  byId("result-frame").style.setProperty("--wipe", `${value}%`);
}

/* Whatever can be compared with what is seen. */
function listComparisons() {
  const kept = [...state.variants, ...state.alternatives].map(({ key, title }) => [key, title]);
  const all = [["", "nothing"], ["truth", "the truth"], ["incomplete", "incomplete picture"], ["fill", "present fill"], ...kept];
  byId("against").replaceChildren(...all.map(([value, textContent]) => make("option", { value, textContent })));
  byId("against").value = state.against;
}

const thumbs = new Map();

function listViews() {
  byId("views").replaceChildren(
    ...VIEWS.map(([view, title]) => {
      const input = make("input", { type: "radio", name: "view", value: view });
      input.addEventListener("change", () => show(view));
      const canvas = make("canvas", { "aria-hidden": "true" });
      thumbs.set(view, { canvas, input });
      return make("label", {}, input, make("span", { className: "thumb" }, canvas), make("span", { textContent: title }));
    }),
  );
}

function drawThumbs() {
  if (!state.picture) return;
  for (const [view, { canvas, input }] of thumbs) {
    canvas.hidden = !draw(canvas, contentOf(view));
    input.checked = state.view === view;
  }
}

function startWipe() {
  const frame = byId("result-frame");
  const follow = (event) => {
    const box = frame.getBoundingClientRect();
    setWipe(Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100)));
  };
  frame.addEventListener("pointerdown", (event) => {
    if (byId("wipe").disabled) return;
    frame.setPointerCapture(event.pointerId);
    follow(event);
  });
  frame.addEventListener("pointermove", (event) => {
    if (frame.hasPointerCapture(event.pointerId)) follow(event);
  });
  byId("wipe").addEventListener("input", () => setWipe(byId("wipe").value));
  setWipe(50);
}

export function redrawResult() {
  drawResult();
  drawThumbs();
}

export function startResult() {
  listViews();
  startWipe();
  byId("against").addEventListener("change", () => {
    state.against = byId("against").value;
    changed("view");
  });
  byId("outlined").addEventListener("change", drawResult);
  on("variants picture view", listComparisons);
  on("entry result view picture model", redrawResult);
  on("busy", () => {
    byId("result-frame").classList.toggle("busy", Boolean(state.busy));
    byId("result-frame").setAttribute("aria-busy", String(Boolean(state.busy)));
    if (state.picture && !byId("result-empty").hidden) byId("result-empty").textContent = emptyText();
  });
}
