/* What the gallery shows, and the controls that change it. */

const state = { protocol: 0, sample: 0, measure: 0, against: "truth", order: "table", shown: new Set(), wipe: 100 };

function option(value, text) {
  return make("option", { value }, text);
}

function fillChoices() {
  byId("protocol").append(...data.protocols.map((name, place) => option(place, name)));
  byId("measure").append(...data.measures.map(({ title }, place) => option(place, title)));
  const models = make("optgroup", { label: "the fill of" }, ...data.models.map(({ name }, place) => option(place, name)));
  byId("against").append(option("truth", "the truth"), option("input", "the input"), option("error", "its error map"), models);
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
  const unscored = (model) => price(model) === Number.MAX_VALUE;
  return models.toSorted((one, other) => unscored(one) - unscored(other) || sign * (price(one) - price(other)) || 0);
}

function showTiles() {
  const { protocol, sample } = state;
  const models = ordered([...data.models.keys()].filter((model) => state.shown.has(model)));
  const tiles = models.map((model) => fillTile(model, state));
  const start = data.holes[protocol][sample] ? [plainTile("Input", sample, data.holes[protocol][sample])] : [];
  byId("tiles").replaceChildren(...start, plainTile("Truth", sample, null), ...tiles);
  const count = data.samples.length;
  byId("now").replaceChildren(named(data.samples[sample].id), ` (picture ${sample + 1} of ${count}) under `, named(data.protocols[protocol]), `; values of the region: ${data.measures[state.measure].region}`);
  byId("models-shown").textContent = `${state.shown.size} of ${data.models.length}`;
  const against = byId("against").selectedOptions[0];
  byId("right-side").textContent = against.textContent;
  byId("scale").hidden = state.against !== "error";
}

function setWipe(share) {
  state.wipe = Math.min(100, Math.max(0, share));
  byId("wipe").value = state.wipe;
  byId("tiles").style.setProperty("--wipe", `${state.wipe}%`);
}

function setSample(sample) {
  state.sample = (sample + data.samples.length) % data.samples.length;
  byId("samples").querySelectorAll("input")[state.sample].checked = true;
  showTiles();
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
  ArrowUp: () => setSample(state.sample - 1),
  ArrowDown: () => setSample(state.sample + 1),
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
  startKeys();
  startDragging();
  drawRamp(byId("ramp"));
  setWipe(100);
  setSize(Number(byId("size").value));
  showTiles();
}
