/* Pictures by what their hole covers: at least so much of a class. */

/* How much of a hole is the chosen class: missing pixels of it, and of all; null without a hole or a label map. */
function coverage(sample) {
  const hole = data.covered[state.protocol][sample];
  return hole && { pixels: hole.classes[state.covers] ?? 0, of: hole.pixels };
}

/* A picture that was kept for its score is offered under the protocols whose scores it was kept for. */
function offered(sample) {
  return data.samples[sample].gallery || data.holes[state.protocol][sample] !== null;
}

function matches(sample) {
  if (!offered(sample)) return false;
  if (state.covers === null) return true;
  const covered = coverage(sample);
  return covered !== null && covered.pixels > 0 && 100 * covered.pixels >= state.share * covered.of;
}

const matching = () => [...data.samples.keys()].filter(matches);

/* "; car is 12.3 % of the hole", or nothing where no class is chosen. */
function coverageText(sample) {
  if (state.covers === null) return [];
  const { pixels, of } = coverage(sample);
  return ["; ", named(data.classes[state.covers].name), ` is ${((100 * pixels) / of).toFixed(1)} % of the hole`];
}

/* Hide the pictures that do not match and, if the one on show is among them, go to the first that does. */
function filterSamples() {
  const left = matching();
  byId("samples").querySelectorAll("label").forEach((label, sample) => (label.hidden = !left.includes(sample)));
  byId("stage").hidden = left.length === 0;
  if (hasTrueLabels) showMatching(left.length);
  if (left.length && !left.includes(state.sample)) checkSample(left[0]);
}

function showMatching(count) {
  byId("matching").hidden = state.covers === null;
  if (state.covers === null) return;
  const least = state.share ? `${state.share} %` : "1 pixel";
  const of = [...data.samples.keys()].filter(offered).length;
  const protocol = named(data.protocols[state.protocol]);
  byId("matching").replaceChildren(`In ${count || "none"} of ${of} pictures, `, named(data.classes[state.covers].name), ` is at least ${least} of the hole under `, protocol, ".");
}

/* A picture that is asked for by name is shown, whatever was chosen before. */
function liftFilter() {
  state.covers = null;
  if (!hasTrueLabels) return;
  byId("class").value = "";
  byId("share").disabled = true;
}

function startClasses() {
  if (!hasTrueLabels) return;
  const covered = new Set(data.covered.flat().flatMap((hole) => Object.keys(hole?.classes ?? {})).map(Number));
  const classes = [...covered].sort((one, other) => one - other);
  byId("class").append(...classes.map((index) => option(index, data.classes[index].name)));
  byId("class").addEventListener("change", ({ target }) => {
    state.covers = target.value === "" ? null : Number(target.value);
    byId("share").disabled = state.covers === null;
    showTiles();
  });
  byId("share").addEventListener("change", ({ target }) => {
    state.share = Number(target.value);
    showTiles();
  });
}
