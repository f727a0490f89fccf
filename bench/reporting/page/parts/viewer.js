/* One tile of the gallery: layers over the truth, the left ones seen before the wipe and the right ones behind it. */

function layer(side, picture, alt = "") {
  return make("img", { src: sourceOf(picture), alt, className: `${side} hole`, draggable: false });
}

/* Against what a fill is seen; null when there is nothing to lay over the truth. */
function rightLayer(against, protocol, sample, fill) {
  if (against === "input") return data.holes[protocol][sample] && layer("right", data.holes[protocol][sample]);
  if (against === "error") {
    const canvas = make("canvas", { className: "right" });
    drawErrors(canvas, data.samples[sample].truth, fill.picture);
    return canvas;
  }
  const other = data.fills[protocol][Number(against)]?.[sample];
  return other?.picture ? layer("right", other.picture) : null;
}

function frame(sample, ...layers) {
  const { truth, width, height } = data.samples[sample];
  const base = make("img", { src: sourceOf(truth), alt: "", width, height, draggable: false });
  return make("div", { className: "frame" }, base, ...layers.filter(Boolean));
}

function plainTile(title, sample, picture) {
  const view = frame(sample, picture && make("img", { src: sourceOf(picture), alt: "", className: "hole", draggable: false }));
  view.firstChild.alt = `${title} of ${data.samples[sample].id}`;
  return make("figure", { className: "tile" }, make("figcaption", {}, title), view);
}

function fillTile(model, state) {
  const { protocol, sample, against } = state;
  const fill = data.fills[protocol][model][sample];
  const { name, oracle } = data.models[model];
  const caption = make("figcaption", {}, named(name));
  if (oracle && !name.includes("oracle")) caption.append(make("small", {}, " oracle"));
  const tile = make("figure", { className: "tile" }, caption, fillFrame(fill, name, state));
  tile.dataset.model = model;
  if (fill.values) tile.append(valueList(fill.values, protocol, sample, state));
  return tile;
}

function fillFrame(fill, name, { protocol, sample, against }) {
  if (!fill.picture) return emptyFrame(sample, fill);
  const alt = `Fill by ${name} of ${data.samples[sample].id} under ${data.protocols[protocol]}`;
  const view = frame(sample, layer("left", fill.picture, alt), rightLayer(against, protocol, sample, fill));
  view.classList.add("wiped");
  return view;
}

function emptyFrame(sample, { status, reason }) {
  const word = { failed: "failed: ", skipped: "no hole: " }[status] ?? "";
  return frame(sample, make("p", { className: `message ${status}` }, word + reason));
}

function valueList(values, protocol, sample, { measure }) {
  const list = make("div", { className: "values" });
  data.measures.forEach((one, place) => {
    if (one.region !== data.measures[measure].region) return;
    const others = data.fills[protocol].filter((_, model) => !data.models[model].oracle).map((samples) => samples[sample].values?.[place]);
    const first = others.length > 1 && values[place] !== null && others.every((other) => cost(values[place], one) <= cost(other, one));
    const className = `${place === measure ? "chosen" : ""} ${first ? "first" : ""}`;
    list.append(make("span", { className, title: first ? "best of this picture" : "" }, `${one.metric} ${withUnit(values[place], one)}`));
  });
  return list;
}
