/* The files that a person takes along. Their bytes are those that the server sent. */

import { byId, icon, make, say } from "./dom.js";
import { holeFiles } from "./fill.js";
import { bytesOfUrl } from "./png.js";
import { attempt } from "./problems.js";
import { fillsOfHole, replayDocument } from "./replay.js";
import { on, state } from "./state.js";

const REPLAY = "spgbench-edit.json";

function save(name, bytes, type) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  say(`${name} is downloaded.`);
}

const png = (name, what, url) => [name, what, () => save(name, bytesOfUrl(url), "image/png")];

/* What can be downloaded now: [file name, what it is, action]. The names are those of `spgbench edit --replay`. */
function files() {
  const { picture, entry } = state;
  if (!picture) return [];
  const found = [png("picture.png", "the picture", picture.url)];
  const fills = fillsOfHole();
  const hole = holeFiles.get(entry.hole);
  if (hole) found.push(png("hole.png", "the mask: white is missing", hole));
  fills.forEach(({ title, result: { url, labelsUrl } }, index) => {
    found.push(png(`fill-${index + 1}.png`, `fill: ${title}`, url));
    if (labelsUrl) found.push(png(`labels-${index + 1}.png`, `label map: ${title}`, labelsUrl));
  });
  if (fills.length) {
    found.push([REPLAY, "makes these files again", async () => save(REPLAY, await replayDocument(), "application/json")]);
  }
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
