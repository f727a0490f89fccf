/* Step 1: the picture, from the samples or from a file. */

import { Problem, call, onForgotten } from "./api.js";
import { byId, icon, make, plural, say } from "./dom.js";
import { bitmapOf, busy } from "./fill.js";
import { openReplay } from "./replay.js";
import { attempt, report, settle } from "./problems.js";
import { begin, on, state } from "./state.js";

const side = () => Number(byId("side").value);
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function textOf(file) {
  return new Promise((resolve, refuse) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => refuse(new Problem(`The browser cannot read ${file.name}.`)));
    reader.readAsDataURL(file);
  });
}

/* Make a source the picture, {sample} or {upload, name}; the work on the old picture stays if that fails. */
export async function openPicture(source, wantedSide = side()) {
  busy("Opening the picture …");
  state.opening = true;
  try {
    const answer = await call("picture", { ...source, side: wantedSide });
    const bitmap = await bitmapOf(answer.picture);
    settle();
    const name = source.name ?? answer.name;
    begin({ ...answer, name, source, side: wantedSide, url: answer.picture, bitmap });
    say(`${name}: ${answer.width} × ${answer.height} pixels. Now paint a hole.`);
  } finally {
    state.opening = false;
    busy("");
  }
}

/* Whether work that another picture would discard may go. */
function mayReplace() {
  const n = state.variants.length;
  return !n || confirm(`Another picture discards ${plural(n, "variant")} that you kept. Open it?`);
}

async function choose(source) {
  const worked = !state.opening && mayReplace() && (await attempt(() => openPicture(source), () => choose(source)));
  facts();
  return worked;
}

async function openFile(file) {
  if (!file) return;
  if (file.name.endsWith(".json") || file.type === "application/json") {
    if (mayReplace()) await attempt(async () => openReplay(await file.text()));
    return;
  }
  const most = state.server.limits.upload_bytes;
  if (file.size > most) {
    report(new Problem(`${file.name} has ${megabytes(file.size)}; a picture may have ${megabytes(most)} at most. Make it smaller and try again.`));
    return;
  }
  await attempt(async () => {
    await choose({ upload: await textOf(file), name: file.name });
  });
}

function sampleList(samples) {
  byId("samples").replaceChildren(
    ...samples.map(({ dataset, id, thumbnail }) => {
      const value = `${dataset}/${id}`;
      const input = make("input", { type: "radio", name: "sample", value });
      input.addEventListener("change", () => choose({ sample: { dataset, id } }));
      return make("label", { title: `${dataset} ${id}` }, input, make("img", { src: thumbnail, alt: `Sample ${id} of ${dataset}`, draggable: false }));
    }),
  );
}

function facts() {
  const { picture } = state;
  const { dataset, id } = picture?.source.sample ?? {};
  for (const input of document.querySelectorAll("#samples input")) input.checked = input.value === `${dataset}/${id}`;
  byId("picture-name").textContent = picture ? picture.name : "";
  byId("picture-size").textContent = picture ? `${picture.width} × ${picture.height} pixels` : "";
  byId("picture-note").textContent = picture?.note ?? "";
  byId("picture-note").hidden = !picture?.note;
  byId("side").value = String(picture?.side ?? 256);
  byId("side").disabled = Boolean(picture?.source.document);
}

function startDropping() {
  const hasFile = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    document.body.classList.remove("dropping");
    openFile(event.dataTransfer.files[0]);
  });
}

export async function startPicture() {
  const { samples, limits } = state.server;
  byId("side").replaceChildren(...limits.sides.map((value) => make("option", { value, textContent: `${value} px` })));
  byId("side").value = "256";
  byId("side").addEventListener("change", () => state.picture && choose(state.picture.source));
  byId("upload").prepend(icon("upload"));
  byId("upload").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", async () => {
    await openFile(byId("file").files[0]);
    byId("file").value = "";
  });
  sampleList(samples);
  startDropping();
  on("picture", facts);
  onForgotten(async (send) => {
    const { source, side: before } = state.picture ?? {};
    if (source?.document) await send("replay/open", source);
    else if (source) await send("picture", { ...source, side: before });
  });
  if (samples.length) await choose({ sample: { dataset: samples[0].dataset, id: samples[0].id } });
}
