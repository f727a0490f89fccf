/* What there is to see of the work, each drawn on a canvas as large as the picture. */

import { rgbOf } from "./palette.js";
import { outline } from "./raster.js";
import { anySet, guided, labelsNow, ownMap, state } from "./state.js";

const GREY = [128, 128, 128];
const MISSING = 255;

export const VIEWS = [
  ["incomplete", "Incomplete picture"],
  ["visible", "Segmenter’s labels"],
  ["predicted", "SP-Net’s labels"],
  ["labels", "Labels in use"],
  ["fill", "Fill"],
];

export const keptOf = (key) => [...state.variants, ...state.alternatives].find((one) => one.key === key);

export function titleOf(view) {
  if (view === "truth") return "Truth";
  return new Map(VIEWS).get(view) ?? keptOf(view)?.title ?? "";
}

/* What stands behind a view: {bitmap}, {labels}, {incomplete}, or null while there is none. */
export function contentOf(view) {
  const { picture, entry } = state;
  if (!picture) return null;
  if (view === "truth") return { bitmap: picture.bitmap };
  if (view === "incomplete") return { bitmap: picture.bitmap, hole: entry.hole };
  if (view === "fill") return fillOf(entry);
  if (view === "labels") return mapOf(guided() && labelsNow(entry));
  if (view === "visible" || view === "predicted") return mapOf(ownMap(view));
  const kept = keptOf(view);
  return kept ? { bitmap: kept.result.bitmap } : null;
}

function fillOf(entry) {
  const result = entry.result ?? (anySet(entry.hole) ? state.newest : null);
  return result && { bitmap: result.bitmap };
}

const mapOf = (labels) => (labels ? { labels } : null);

/* Draw a view; says whether there was anything. */
export function draw(canvas, content) {
  const { height, width } = state.picture;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  if (!content) return false;
  if (content.bitmap) context.drawImage(content.bitmap, 0, 0, width, height);
  if (content.hole) context.drawImage(painted(content.hole, [[MISSING, GREY]]), 0, 0);
  if (content.labels) context.drawImage(paintedLabels(content.labels), 0, 0);
  return true;
}

/* Pixels of all 256 values as ImageData stores them (little endian), 0 = transparent. */
function pixelsOf(colours) {
  const table = new Uint32Array(256);
  for (const [value, [red, green, blue]] of colours) table[value] = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  return table;
}

let scratch = null;

/* A canvas of values in colours, pairs of value and [red, green, blue]; other values are transparent.
 * The next call uses the same canvas again. */
export function painted(values, colours) {
  const { height, width } = state.picture;
  scratch ??= document.createElement("canvas");
  Object.assign(scratch, { height, width });
  const table = pixelsOf(colours);
  const pixels = new ImageData(width, height);
  const words = new Uint32Array(pixels.data.buffer);
  for (let place = 0; place < values.length; place++) words[place] = table[values[place]];
  scratch.getContext("2d").putImageData(pixels, 0, 0);
  return scratch;
}

const paths = new WeakMap();
const MOST_SIDES = 30_000; // of a border that is drawn; a hole of single pixels and lines has more, and drawing would take seconds

/* The border of a hole at a scale, as a path; empty where it is too ragged to be of use. */
export function holePath(hole, scale) {
  if (paths.get(hole)?.scale !== scale) {
    const path = new Path2D();
    const sides = outline(hole, state.picture.height, state.picture.width);
    for (const [top, left, bottom, right] of sides.length > MOST_SIDES ? [] : sides) {
      path.moveTo(left * scale, top * scale);
      path.lineTo(right * scale, bottom * scale);
    }
    paths.set(hole, { scale, path });
  }
  return paths.get(hole).path;
}

export const paintedLabels = (labels) => painted(labels, state.classes.map((_, index) => [index, rgbOf(index)]));
