/* The worst and the best pictures of every model by the chosen measure. */

const CASES = 2;
let casesSeen = false;

/* Samples of one model from worst to best; those without a number are no case. */
function ranked(model) {
  const { protocol, measure } = state;
  const fills = data.fills[protocol][model];
  const price = (sample) => cost(fills[sample].values?.[measure], data.measures[measure]);
  const scored = [...fills.keys()].filter((sample) => fills[sample].picture && price(sample) !== Number.MAX_VALUE);
  return scored.sort((one, other) => (price(other) - price(one)) || one - other);
}

function caseButton(model, sample) {
  const { protocol, measure } = state;
  const fill = data.fills[protocol][model][sample];
  const id = data.samples[sample].id;
  const value = withUnit(fill.values[measure], data.measures[measure]);
  const view = frame(sample, make("img", { src: sourceOf(fill.picture), alt: "", draggable: false }));
  const button = make("button", { type: "button", title: `Show ${id} in the gallery` }, view, value, make("br"), make("small", {}, named(id)));
  button.addEventListener("click", () => {
    setSample(sample);
    byId("gallery").querySelector(".stage").scrollIntoView();
    byId("tiles").focus({ preventScroll: true });
  });
  return button;
}

function caseGroup(title, samples, model) {
  const buttons = samples.map((sample) => caseButton(model, sample));
  return make("div", {}, make("h4", {}, ...title), make("div", { className: "row" }, ...buttons));
}

/* The pictures at one end of all that were scored or, where a run did not keep them all, of those that it kept. */
function caseEnd(name, model, ofKept) {
  const ends = data.extremes[state.protocol][model][state.measure]?.[name.toLowerCase()] ?? [];
  const samples = ends.map(([id]) => data.samples.findIndex((sample) => sample.id === id));
  const fills = data.fills[state.protocol][model];
  if (samples.every((sample) => fills[sample]?.picture)) return caseGroup([name], samples, model);
  const [id, value] = ends[0];
  const ofAll = [". Of all scored: ", named(id), `, ${withUnit(value, data.measures[state.measure])}`];
  return caseGroup([`${name} of those kept`, ...ofAll], ofKept, model);
}

function caseLine(model) {
  const samples = ranked(model);
  const count = Math.min(CASES, Math.ceil(samples.length / 2));
  const worst = caseEnd("Worst", model, samples.slice(0, count));
  const best = caseEnd("Best", model, samples.slice(count).slice(-count).reverse());
  return make("div", { className: "case" }, make("h3", {}, named(data.models[model].name)), worst, best);
}

function showCases() {
  if (!casesSeen) return;
  const models = [...data.models.keys()].filter((model) => state.shown.has(model));
  const measure = data.measures[state.measure].title;
  byId("cases-hint").replaceChildren(
    `By ${measure} under `, named(data.protocols[state.protocol]),
    ", as chosen in the gallery, of all pictures that were scored. A picture opens in the gallery, beside the fills of the other models.",
  );
  byId("case-list").replaceChildren(...models.map(caseLine));
}

/* Their pictures are decoded when somebody scrolls near, or prints. */
function startCases() {
  byId("cases-body").hidden = false;
  const see = () => {
    casesSeen = true;
    watch.disconnect();
    showCases();
  };
  const watch = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && see(), { rootMargin: "800px" });
  watch.observe(byId("cases"));
  addEventListener("beforeprint", see);
}
