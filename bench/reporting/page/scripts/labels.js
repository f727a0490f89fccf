/* Label maps: true ones, those that models completed, and the legend of their classes. */

const hasTrueLabels = [...data.labels, ...data.labelsWithout.flat()].some(Boolean);
const hasPredicted = data.predicted.flat(2).some(Boolean);
const colourKey = (red, green, blue) => (red << 16) | (green << 8) | blue;
const classOf = new Map(Object.entries(data.classes).map(([index, { colour }]) => [colourKey(...colour), Number(index)]));
const MAPS = { labels: "the true label map", predicted: "its own label map" };

/* What there is to choose from, as pairs of value and text. */
function mapChoices() {
  return Object.entries(MAPS).filter(([value]) => (value === "labels" ? hasTrueLabels : hasPredicted));
}

/* Of what the fill should show: the scene without the object where one is removed. */
function trueMap(protocol, sample) {
  return data.removals[protocol] ? data.labelsWithout[protocol][sample] : data.labels[sample];
}

function mapOf(what, protocol, model, sample) {
  return what === "labels" ? trueMap(protocol, sample) : data.predicted[protocol][model][sample];
}

/* A label map over the truth, of one class alone if one is pressed. */
function mapLayer(side, map, alt, only) {
  if (!map) return make("p", { className: `message ${side}` }, "no label map");
  const node = only === null
    ? make("img", { src: sourceOf(map.picture), alt, draggable: false })
    : make("canvas", { role: "img", ariaLabel: alt });
  if (only !== null) drawOnly(node, map.picture, only);
  node.className = side;
  node.dataset.map = map.picture;
  return node;
}

async function mapPixels(picture) {
  const image = await decoded(picture);
  return pixels([image], image.naturalWidth, image.naturalHeight);
}

function classAt({ data: values }, at) {
  return classOf.get(colourKey(values[at], values[at + 1], values[at + 2]));
}

async function drawOnly(canvas, picture, only) {
  const map = await mapPixels(picture);
  for (let at = 0; at < map.data.length; at += 4) {
    if (classAt(map, at) === only) continue;
    for (let channel = at; channel < at + 3; channel++) map.data[channel] = 205 + map.data[channel] / 8;
  }
  Object.assign(canvas, { width: map.width, height: map.height });
  canvas.getContext("2d").putImageData(map, 0, 0);
}

/* The classes of the maps on show, in the order of the data set. */
function shownClasses(models) {
  const { protocol, sample, base, against } = state;
  const kinds = Object.keys(MAPS).filter((kind) => base === kind || against === kind);
  const maps = kinds.length ? [trueMap(protocol, sample)] : [];
  for (const kind of kinds) maps.push(...models.map((model) => mapOf(kind, protocol, model, sample)));
  return [...new Set(maps.filter(Boolean).flatMap(({ classes }) => classes))].sort((one, other) => one - other);
}

function legendEntry(index) {
  const { name, colour } = data.classes[index];
  const swatch = make("span", { className: "swatch" });
  swatch.style.background = `rgb(${colour.join(" ")})`;
  return make("button", { type: "button", value: index, ariaPressed: String(state.only === index) }, swatch, named(name));
}

function showLegend(classes) {
  const legend = byId("legend");
  if (!legend) return;
  const focused = legend.contains(document.activeElement) ? document.activeElement.value : null;
  legend.hidden = classes.length === 0;
  legend.replaceChildren(...classes.map(legendEntry));
  legend.querySelector(`[value="${focused}"]`)?.focus();
}

/* The map seen under the pointer, of a tile whose sides are parted by the wipe. */
function mapUnder(view, share) {
  return view?.querySelector(`[data-map]:not(.${share < state.wipe / 100 ? "right" : "left"})`);
}

let hovered = { picture: null, map: null };

async function markClass(event) {
  const view = event.target.closest(".frame");
  const { left, top, width, height } = (view ?? event.target).getBoundingClientRect();
  const [across, down] = [(event.clientX - left) / width, (event.clientY - top) / height];
  const picture = mapUnder(view, across)?.dataset.map ?? null;
  if (picture !== hovered.picture) hovered = { picture, map: picture && mapPixels(picture) };
  const map = await hovered.map;
  if (hovered.picture !== picture) return;
  const found = map && classAt(map, 4 * (Math.floor(down * map.height) * map.width + Math.floor(across * map.width)));
  for (const entry of byId("legend").children) entry.classList.toggle("under", Number(entry.value) === found);
}

function startLegend() {
  if (!byId("legend")) return;
  byId("legend").addEventListener("click", ({ target }) => {
    const pressed = target.closest("button");
    if (!pressed) return;
    state.only = pressed.ariaPressed === "true" ? null : Number(pressed.value);
    showTiles();
  });
  for (const type of ["pointermove", "pointerleave"]) byId("tiles").addEventListener(type, markClass);
}

/* Without label maps their controls are not there. */
function startLabels() {
  const choices = mapChoices();
  const remove = (selector) => document.querySelectorAll(selector).forEach((node) => node.remove());
  if (!hasTrueLabels) remove(".needs-true");
  if (!choices.length) return remove(".needs-maps");
  const base = make("select", { id: "base" }, ...[["fill", "the fill"], ...choices].map(([value, text]) => option(value, text)));
  byId("comparison").replaceChildren("with");
  byId("comparison").before(make("label", {}, "Compare ", base), " ");
}
