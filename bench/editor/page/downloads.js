/* The files that a person takes along; their bytes are the server's. */

import { byId, icon, make, say } from "./dom.js";
import { holeUrl } from "./fill.js";
import { bytesOfUrl } from "./png.js";
import { attempt } from "./problems.js";
import { replayDocument } from "./replay.js";
import { anySet, on, resultIsValid, state } from "./state.js";

function save(name, bytes, type) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  say(`${name} is downloaded.`);
}

const savePng = (name, url) => save(name, bytesOfUrl(url), "image/png");

/* What can be downloaded now: [file name, what it is, action]. */
function files() {
  const { entry, picture, variants } = state;
  if (!picture) return [];
  const found = [["picture.png", "the picture", () => savePng("picture.png", picture.url)]];
  if (anySet(entry.hole)) found.push(["hole.png", "the mask, white = missing", async () => savePng("hole.png", await holeUrl(entry.hole))]);
  if (resultIsValid(entry)) found.push(...pair("", entry.result));
  variants.forEach(({ title, result }, index) => found.push(...pair(`-${index + 1}`, result, ` of ${title}`)));
  if (resultIsValid(entry)) {
    found.push(["replay.json", "makes all fills again", async () => save("replay.json", new TextEncoder().encode(await replayDocument()), "application/json")]);
  }
  return found;
}

function pair(suffix, { url, labelsUrl }, of = "") {
  const found = [[`fill${suffix}.png`, `the fill${of}`, () => savePng(`fill${suffix}.png`, url)]];
  if (labelsUrl) found.push([`labels${suffix}.png`, `the label map${of}`, () => savePng(`labels${suffix}.png`, labelsUrl)]);
  return found;
}

function list() {
  byId("files").replaceChildren(
    ...files().map(([name, what, action]) => {
      const button = make("button", { type: "button" }, icon("download"), make("span", {}, make("strong", { textContent: name }), make("small", { textContent: what })));
      button.dataset.file = name;
      button.addEventListener("click", () => attempt(action, action));
      return make("li", {}, button);
    }),
  );
}

export function startDownloads() {
  on("picture entry result variants", list);
  list();
}
