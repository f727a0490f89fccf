/* A link to one picture under one protocol: #picture=ID&protocol=NAME opens the page with that picture in view. */

let lastLink = null;

function linkOfState() {
  const { sample, protocol } = state;
  return `#${new URLSearchParams({ picture: data.samples[sample].id, protocol: data.protocols[protocol] })}`;
}

/* The address follows what is on show once the reader has chosen something. */
function writeLink() {
  const link = linkOfState();
  if (lastLink !== null && link !== lastLink) history.replaceState(null, "", link);
  if (lastLink !== null) lastLink = link;
}

/* With its version or without. */
function protocolNamed(name) {
  return data.protocols.findIndex((full) => full === name || full.replace(/@[^@]*$/, "") === name);
}

function openLink() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (!asked.has("picture")) return;
  const sample = data.samples.findIndex(({ id }) => id === asked.get("picture"));
  const protocol = asked.has("protocol") ? protocolNamed(asked.get("protocol")) : state.protocol;
  const found = sample >= 0 && protocol >= 0;
  byId("unknown").hidden = found;
  if (found) {
    state.protocol = protocol;
    byId("protocol").value = protocol;
    lastLink = location.hash;
    setSample(sample);
    showCases();
  } else {
    const missing = sample < 0 ? ["picture ", named(asked.get("picture"))] : ["protocol ", named(asked.get("protocol"))];
    byId("unknown").replaceChildren("This page does not hold the ", ...missing, ".");
  }
  byId(found ? "stage" : "gallery").scrollIntoView();
  if (found) byId("tiles").focus({ preventScroll: true });
}

function startLinks() {
  lastLink = linkOfState();
  byId("copy-link").addEventListener("click", ({ target }) => copy(target, location.href.replace(/#.*$/, "") + linkOfState()));
  addEventListener("hashchange", openLink);
  openLink();
}
