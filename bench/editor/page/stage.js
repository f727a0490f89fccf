/* The canvas to draw on: picture, label map and hole over one another; pointer and keyboard. */

import { byId } from "./dom.js";
import { NONE, guided, labelsNow, on, state, work } from "./state.js";
import { begin, cancel, drawing, end, gesture, move, sizeNow, toolOf } from "./tools.js";
import { draw, holePath, paintedLabels, painted } from "./views.js";

const pointer = { at: null, keyboard: false };
const clamp = (value, most) => Math.min(most - 1, Math.max(0, value));

function pointOf(event) {
  const box = byId("overlay").getBoundingClientRect();
  const { height, width } = state.picture;
  const row = Math.floor(((event.clientY - box.top) / box.height) * height);
  const column = Math.floor(((event.clientX - box.left) / box.width) * width);
  return [clamp(row, height), clamp(column, width)];
}

/* Redraw all layers for what is being worked on. */
export function drawStage() {
  const { picture, step } = state;
  if (!picture) return;
  const { hole } = work();
  const showsLabels = step === "labels" && guided();
  draw(byId("base"), { bitmap: picture.bitmap, hole: showsLabels ? hole : null });
  const labels = showsLabels ? labelsNow() : null;
  draw(byId("label-map"), null);
  if (labels) byId("label-map").getContext("2d").drawImage(paintedLabels(labels), 0, 0);
  drawOverlay();
}

let hatching = null;

function hatch(context, ratio) {
  const side = Math.round(10 * ratio);
  if (hatching?.width !== side) {
    hatching = Object.assign(document.createElement("canvas"), { width: side, height: side });
    const pen = hatching.getContext("2d");
    pen.fillStyle = "rgb(24 28 36 / 62%)";
    pen.fillRect(0, 0, side, side);
    pen.strokeStyle = "rgb(255 255 255 / 70%)";
    pen.lineWidth = 1.5 * ratio;
    for (const shift of [-side, 0, side]) {
      pen.moveTo(shift - 2, side + 2);
      pen.lineTo(shift + side + 2, -2);
    }
    pen.stroke();
  }
  return context.createPattern(hatching, "repeat");
}

function drawOverlay() {
  const overlay = byId("overlay");
  const ratio = devicePixelRatio;
  const [height, width] = [Math.round(overlay.clientHeight * ratio), Math.round(overlay.clientWidth * ratio)];
  Object.assign(overlay, { height, width });
  const context = overlay.getContext("2d");
  const scale = width / state.picture.width;
  const { hole } = work();
  if (state.step !== "labels" || !guided()) {
    context.imageSmoothingEnabled = false;
    context.drawImage(painted(hole, [[255, [0, 0, 0]]]), 0, 0, width, height);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = hatch(context, ratio);
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "source-over";
  }
  twice(context, holePath(hole, scale), ratio);
  if (gesture) twice(context, gesturePath(scale), ratio);
  if (pointer.at && drawing()) twice(context, cursorPath(scale, ratio), ratio);
}

/* Dark and light, so that a line is seen on any picture. */
function twice(context, path, ratio) {
  for (const [colour, thick] of [["#10131a", 3], ["#ffffff", 1.25]]) {
    context.strokeStyle = colour;
    context.lineWidth = thick * ratio;
    context.stroke(path);
  }
}

function gesturePath(scale) {
  const path = new Path2D();
  const { tool, start, last, points } = gesture;
  const middle = ([row, column]) => [(column + 0.5) * scale, (row + 0.5) * scale];
  if (tool.kind === "corners") {
    const [top, left] = [Math.min(start[0], last[0]), Math.min(start[1], last[1])];
    path.rect(left * scale, top * scale, (Math.abs(start[1] - last[1]) + 1) * scale, (Math.abs(start[0] - last[0]) + 1) * scale);
  }
  if (tool.kind === "path") {
    points.forEach((point, index) => (index ? path.lineTo(...middle(point)) : path.moveTo(...middle(point))));
    path.lineTo(...middle(last));
  }
  return path;
}

function cursorPath(scale, ratio) {
  const path = new Path2D();
  const [x, y] = [(pointer.at[1] + 0.5) * scale, (pointer.at[0] + 0.5) * scale];
  if (toolOf().kind === "stroke") path.arc(x, y, Math.max((sizeNow() / 2) * scale, 2 * ratio), 0, 2 * Math.PI);
  if (toolOf().kind === "stroke" && !pointer.keyboard) return path;
  const arm = 9 * ratio;
  for (const [across, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    path.moveTo(x + across * 3 * ratio, y + down * 3 * ratio);
    path.lineTo(x + across * arm, y + down * arm);
  }
  return path;
}

/* What is under the pointer, in words. */
function under() {
  if (!pointer.at || !state.picture || !drawing()) return "";
  const [row, column] = pointer.at;
  const place = row * state.picture.width + column;
  const label = state.step === "labels" && guided() ? labelsNow()?.[place] : undefined;
  const words = [`row ${row}, column ${column}`];
  if (work().hole[place]) words.push("missing");
  if (label !== undefined && label !== NONE) words.push(state.classes[label].name);
  return words.join(", ");
}

let speaking = 0;

function point(at, keyboard = false) {
  Object.assign(pointer, { at, keyboard });
  byId("under").textContent = under();
  if (keyboard) {
    clearTimeout(speaking);
    speaking = setTimeout(() => (byId("spoken").textContent = under()), 400);
  }
  if (state.picture) drawOverlay();
}

function startPointer(canvas) {
  canvas.addEventListener("pointerdown", (event) => {
    if (!state.picture || !drawing() || ![0, 5].includes(event.button) || gesture) return;
    event.preventDefault();
    byId("canvas").focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    begin(pointOf(event), event.button === 5);
    point(pointOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!state.picture) return;
    if (gesture && canvas.hasPointerCapture(event.pointerId)) {
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) move(pointOf(one));
    }
    point(pointOf(event));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (gesture && canvas.hasPointerCapture(event.pointerId)) end();
  });
  canvas.addEventListener("pointercancel", cancel);
  canvas.addEventListener("pointerleave", () => {
    if (!gesture && !pointer.keyboard) point(null);
  });
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/* Keys of the focused canvas: arrows move, Space draws while it is held, Enter begins and ends, Escape cancels. */
function key(event) {
  if (!state.picture || !drawing() || event.ctrlKey || event.metaKey || event.altKey) return;
  const { height, width } = state.picture;
  pointer.at ??= [height >> 1, width >> 1];
  if (ARROWS[event.key]) {
    const [down, across] = ARROWS[event.key].map((by) => by * (event.shiftKey ? 8 : 1));
    point([clamp(pointer.at[0] + down, height), clamp(pointer.at[1] + across, width)], true);
    if (gesture) move(pointer.at);
  } else if (event.key === " " || event.key === "Enter") {
    if (event.repeat) {
      event.preventDefault();
      return;
    }
    point(pointer.at, true);
    if (!gesture) begin(pointer.at);
    else if (event.key === "Enter" || gesture.tool.kind === "corners") end();
  } else if (event.key === "Escape" && gesture) {
    cancel();
  } else {
    return;
  }
  event.preventDefault();
}

export function startStage() {
  const canvas = byId("canvas");
  startPointer(byId("overlay"));
  canvas.addEventListener("keydown", key);
  canvas.addEventListener("keyup", (event) => {
    if (event.key === " " && gesture && gesture.tool.kind !== "corners") end();
  });
  canvas.addEventListener("focus", () => {
    if (state.picture && drawing() && !pointer.at && canvas.matches(":focus-visible")) point([state.picture.height >> 1, state.picture.width >> 1], true);
  });
  canvas.addEventListener("blur", () => {
    if (gesture) end();
    point(null);
  });
  byId("opacity").addEventListener("input", () => (byId("label-map").style.opacity = byId("opacity").value / 100));
  byId("label-map").style.opacity = byId("opacity").value / 100;
  on("entry draft picture step model tool", drawStage);
  on("step tool", () => point(pointer.at, pointer.keyboard));
}
