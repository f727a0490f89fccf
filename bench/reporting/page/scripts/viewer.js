/* One tile of the gallery: layers over the untouched picture, the left ones seen before the wipe and the right ones behind it. */

function layer(side, picture, alt = "") {
  return make("img", { src: sourceOf(picture), alt, className: `${side} hole`, draggable: false });
}

/* What a fill is compared with: the picture without the object where one is removed; null where there is none. */
function truthOf(protocol, sample) {
  return data.removals[protocol] ? data.without[protocol][sample] : data.samples[sample].truth;
}

/* Against what a fill is seen; null when there is nothing to lay over the untouched picture. */
function rightLayer(model, { protocol, sample, against, only }) {
  const { picture } = data.fills[protocol][model][sample];
  if (MAPS[against]) return mapLayer("right", mapOf(against, protocol, model, sample), "", only);
  if (against === "input") return data.holes[protocol][sample] && layer("right", data.holes[protocol][sample]);
  if (against === "error") {
    const truth = truthOf(protocol, sample);
    if (!truth) return make("p", { className: "message right" }, "no truth");
    const canvas = make("canvas", { className: "right" });
    drawErrors(canvas, truth, data.samples[sample].truth, picture);
    return canvas;
  }
  if (against === "truth" && data.removals[protocol]) {
    const truth = truthOf(protocol, sample);
    return truth ? make("img", { src: sourceOf(truth), alt: "", className: "right", draggable: false }) : null;
  }
  const other = data.fills[protocol][Number(against)]?.[sample];
  return other?.picture ? layer("right", other.picture) : null;
}

function leftLayer(model, { protocol, sample, base, only }) {
  const of = `${data.samples[sample].id} under ${data.protocols[protocol]}`;
  const name = data.models[model].name;
  if (base === "labels") return mapLayer("left", trueMap(protocol, sample), `True label map of ${data.samples[sample].id}`, only);
  if (base === "predicted") return mapLayer("left", mapOf(base, protocol, model, sample), `Label map by ${name} of ${of}`, only);
  return layer("left", data.fills[protocol][model][sample].picture, `Fill by ${name} of ${of}`);
}

function frame(sample, ...layers) {
  const { truth, width, height } = data.samples[sample];
  const base = make("img", { src: sourceOf(truth), alt: "", width, height, draggable: false });
  return make("div", { className: "frame" }, base, ...layers.filter(Boolean));
}

function plainTile(title, sample, ...layers) {
  const view = frame(sample, ...layers);
  view.firstChild.alt = `${title} of ${data.samples[sample].id}`;
  return make("figure", { className: "tile" }, make("figcaption", {}, title), view);
}

function fillTile(model, state) {
  const { protocol, sample } = state;
  const fill = data.fills[protocol][model][sample];
  const { name, oracle } = data.models[model];
  const caption = make("figcaption", {}, named(name));
  if (oracle && !name.includes("oracle")) caption.append(make("small", {}, " oracle"));
  const tile = make("figure", { className: "tile" }, caption, fillFrame(model, state));
  tile.dataset.model = model;
  if (fill.values) tile.append(valueList(fill.values, model, state));
  return tile;
}

function fillFrame(model, state) {
  const fill = data.fills[state.protocol][model][state.sample];
  if (!fill.picture) return emptyFrame(state.sample, fill);
  const view = frame(state.sample, leftLayer(model, state), rightLayer(model, state));
  view.classList.add("wiped");
  return view;
}

function emptyFrame(sample, { status, reason }) {
  const word = { failed: "failed: ", skipped: "no hole: " }[status] ?? "";
  return frame(sample, make("p", { className: `message ${status}` }, word + reason));
}

function valueList(values, model, { protocol, sample, measure }) {
  const list = make("div", { className: "values" });
  data.measures.forEach((one, place) => {
    if (one.region !== data.measures[measure].region) return;
    const others = data.fills[protocol].filter((_, model) => !data.models[model].oracle).map((samples) => samples[sample].values?.[place]);
    const first = !data.models[model].oracle && others.length > 1 && values[place] !== null && others.every((other) => cost(values[place], one) <= cost(other, one));
    const className = `${place === measure ? "chosen" : ""} ${first ? "first" : ""}`;
    list.append(make("span", { className, title: first ? "best of this picture" : "" }, `${one.metric} ${withUnit(values[place], one)}`));
  });
  return list;
}
