/* What the gallery shows, and the controls that change it. */

const state = { protocol: 0, sample: 0, measure: 0, base: "fill", against: "truth", order: "table", shown: new Set(), wipe: 100, covers: null, share: 1, only: null };

function option(value, text) {
  return make("option", { value }, text);
}

function fillChoices() {
  byId("protocol").append(...data.protocols.map((name, place) => option(place, name)));
  byId("measure").append(...data.measures.map(({ title }, place) => option(place, title)));
  const models = make("optgroup", { label: "the fill of" }, ...data.models.map(({ name }, place) => option(place, name)));
  byId("against").append(option("truth", "the truth"), option("input", "the input"), option("error", "its error map"), ...mapChoices().map(([value, text]) => option(value, text)), models);
  byId("models").append(...data.models.map(({ name }, place) => {
    const box = make("input", { type: "checkbox", name: "model", value: place, checked: true });
    return make("label", {}, box, " ", named(name));
  }));
  byId("samples").append(...data.samples.map(({ id, truth, width, height }, place) => {
    const button = make("input", { type: "radio", name: "sample", value: place, checked: place === 0, ariaLabel: id });
    return make("label", { title: id }, button, make("img", { src: sourceOf(truth), alt: "", width, height }));
  }));
}

function ordered(models) {
  if (state.order === "table") return models;
  const measure = data.measures[state.measure];
  const sign = state.order === "best" ? 1 : -1;
  const fillOf = (model) => data.fills[state.protocol][model][state.sample];
  const price = (model) => cost(fillOf(model).values?.[state.measure], measure);
  const oracle = (model) => data.models[model].oracle;
  const unscored = (model) => price(model) === Number.MAX_VALUE;
  return models.toSorted((one, other) => oracle(one) - oracle(other) || unscored(one) - unscored(other) || sign * (price(one) - price(other)) || 0);
}

/* Tiles that are no fill: the input where there is one, the truth, and its label map beside other maps. */
function startTiles(withLabels) {
  const { protocol, sample, only } = state;
  const hole = data.holes[protocol][sample];
  const map = trueMap(protocol, sample);
  const removed = data.removals[protocol];
  const truth = truthOf(protocol, sample);
  const tiles = [plainTile(removed ? "Picture" : "Truth", sample)];
  if (removed && truth) tiles.push(plainTile("Truth", sample, make("img", { src: sourceOf(truth), alt: "", draggable: false })));
  if (hole) tiles.unshift(plainTile("Input", sample, layer("", hole)));
  if (withLabels && map) tiles.push(plainTile("True label map", sample, mapLayer("", map, "", only)));
  return tiles;
}

function showTiles() {
  filterSamples();
  const { protocol, sample } = state;
  const models = ordered([...data.models.keys()].filter((model) => state.shown.has(model)));
  const classes = shownClasses(models);
  if (!classes.includes(state.only)) state.only = null;
  showLegend(classes);
  const tiles = models.map((model) => fillTile(model, state));
  byId("tiles").replaceChildren(...startTiles(classes.length > 0), ...tiles);
  const left = matching();
  if (left.length) byId("now").replaceChildren(named(data.samples[sample].id), ` (picture ${left.indexOf(sample) + 1} of ${left.length}) under `, named(data.protocols[protocol]), ...coverageText(sample), `; values of the region: ${data.measures[state.measure].region}`);
  byId("models-shown").textContent = `${state.shown.size} of ${data.models.length}`;
  const against = byId("against").selectedOptions[0];
  byId("left-side").textContent = byId("base")?.selectedOptions[0].textContent ?? "the fill";
  byId("right-side").textContent = against.textContent;
  byId("scale").hidden = state.against !== "error";
  writeLink();
}

function setWipe(share) {
  state.wipe = Math.min(100, Math.max(0, share));
  byId("wipe").value = state.wipe;
  byId("tiles").style.setProperty("--wipe", `${state.wipe}%`);
}

function checkSample(sample) {
  state.sample = sample;
  byId("samples").querySelectorAll("input")[sample].checked = true;
}

function setSample(sample) {
  if (!matches(sample)) liftFilter();
  checkSample(sample);
  showTiles();
}

/* So many pictures on among those that match, and around. */
function stepSample(step) {
  const left = matching();
  setSample(left.at((left.indexOf(state.sample) + step) % left.length));
}

function setSize(size) {
  byId("tiles").style.setProperty("--tile", `${size}px`);
  const natural = Math.max(...data.samples.map(({ width }) => width));
  byId("tiles").classList.toggle("magnified", size >= 1.5 * natural);
}

const keys = {
  ArrowLeft: () => setWipe(state.wipe - 2),
  ArrowRight: () => setWipe(state.wipe + 2),
  Home: () => setWipe(0),
  End: () => setWipe(100),
  ArrowUp: () => stepSample(-1),
  ArrowDown: () => stepSample(1),
  " ": () => setWipe(state.wipe > 50 ? 0 : 100),
};

function startKeys() {
  byId("tiles").addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function startDragging() {
  const drag = (event) => {
    const view = event.target.closest(".wiped");
    if (!view || !(event.buttons & 1)) return;
    const { left, width } = view.getBoundingClientRect();
    setWipe((100 * (event.clientX - left)) / width);
  };
  byId("tiles").addEventListener("pointerdown", drag);
  byId("tiles").addEventListener("pointermove", drag);
}

function showModels() {
  const ticked = byId("models").querySelectorAll(":checked");
  state.shown = new Set([...ticked].map((box) => Number(box.value)));
  showTiles();
  showCases();
}

function tickModels(checked) {
  for (const box of byId("models").querySelectorAll("input")) box.checked = checked;
  showModels();
}

function startChoices() {
  const follow = (id, change) => byId(id).addEventListener("change", (event) => {
    change(event.target);
    showTiles();
    showCases();
  });
  follow("protocol", ({ value }) => (state.protocol = Number(value)));
  follow("measure", ({ value }) => (state.measure = Number(value)));
  follow("against", ({ value }) => {
    state.against = value;
    if (state.wipe === 100) setWipe(50);
  });
  if (byId("base")) follow("base", ({ value }) => (state.base = value));
  follow("order", ({ value }) => (state.order = value));
  byId("models").addEventListener("change", showModels);
  byId("models").parentNode.addEventListener("keydown", ({ key, currentTarget }) => {
    if (key === "Escape") currentTarget.open = false;
  });
  byId("all-models").addEventListener("click", () => tickModels(true));
  byId("no-models").addEventListener("click", () => tickModels(false));
  byId("samples").addEventListener("change", ({ target }) => setSample(Number(target.value)));
  byId("wipe").addEventListener("input", ({ target }) => setWipe(Number(target.value)));
  byId("size").addEventListener("input", ({ target }) => setSize(Number(target.value)));
  byId("outline").addEventListener("change", ({ target }) => byId("tiles").classList.toggle("outlined", target.checked));
}

function startGallery() {
  fillChoices();
  state.shown = new Set(data.models.keys());
  byId("viewer").hidden = false;
  startChoices();
  startClasses();
  startLegend();
  startKeys();
  startDragging();
  drawRamp(byId("ramp"));
  setWipe(100);
  setSize(Number(byId("size").value));
  showTiles();
  startLinks();
}
