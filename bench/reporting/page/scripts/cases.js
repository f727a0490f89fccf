/* The worst and the best of the kept pictures, a line a model, and what the records say of all pictures. */

const CASES = 3;
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

function ofAll(id, value, measure) {
  return id === undefined ? [] : [". Of all scored: ", named(id), `, ${withUnit(value, measure)}`];
}

function caseGroup(title, model, samples, [id, value]) {
  const measure = data.measures[state.measure];
  const buttons = samples.map((sample) => caseButton(model, sample));
  const heading = make("h4", {}, title, ...ofAll(id, value, measure));
  return make("div", {}, heading, make("div", { className: "row" }, ...buttons));
}

function caseLine(model) {
  const samples = ranked(model);
  const half = Math.min(CASES, Math.ceil(samples.length / 2));
  const ends = data.extremes[state.protocol][model][state.measure] ?? [];
  const worst = caseGroup("Worst of those kept", model, samples.slice(0, half), ends);
  const best = caseGroup("Best of those kept", model, samples.slice(half).slice(-half).reverse(), ends.slice(2));
  return make("div", { className: "case" }, make("h3", {}, named(data.models[model].name)), worst, best);
}

function showCases() {
  if (!casesSeen) return;
  const models = [...data.models.keys()].filter((model) => state.shown.has(model));
  const measure = data.measures[state.measure].title;
  byId("cases-hint").replaceChildren(
    `By ${measure} under `, named(data.protocols[state.protocol]),
    `, as chosen in the gallery. Shown are fills of the ${data.samples.length} pictures that the run keeps; `,
    "the worst and the best of all that it scored are named beside them. A picture opens in the gallery.",
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
