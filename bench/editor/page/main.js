/* Start: ask the server what there is, then let every part of the page watch the work. */

import { start } from "./api.js";
import { byId, say } from "./dom.js";
import { startDownloads } from "./downloads.js";
import { refresh, score } from "./fill.js";
import { startFitting } from "./fit.js";
import { startHelp } from "./help.js";
import { startHole } from "./hole.js";
import { startKeys } from "./keys.js";
import { startPalette } from "./palette.js";
import { startPicture } from "./picture.js";
import { attempt, settle, startProblems } from "./problems.js";
import { redrawResult, startResult } from "./result.js";
import { drawStage, startStage } from "./stage.js";
import { on, resultIsValid, state } from "./state.js";
import { chooseStep, startSteps } from "./steps.js";
import { startTools } from "./tools.js";
import { startVariants } from "./variants.js";

function watchHistory() {
  byId("undo").disabled = !state.past.length;
  byId("redo").disabled = !state.future.length;
}

/* An older entry may be without a fill, or with one by another model. */
function watchFill() {
  if (!state.entry) return;
  if (!resultIsValid(state.entry)) {
    refresh();
    return;
  }
  settle();
  if (state.entry.result.score === null) score(state.entry);
}

async function begin() {
  say("Starting …");
  const worked = await attempt(async () => {
    state.server = await start();
  }, begin);
  if (!worked) return;
  startTools();
  startSteps();
  startStage();
  startResult();
  startVariants();
  startDownloads();
  startHole();
  startPalette();
  startKeys();
  on("entry", watchHistory);
  let seen = null;
  on("entry", () => {
    if (seen !== state.entry) watchFill();
    seen = state.entry;
  });
  startFitting(() => {
    drawStage();
    redrawResult();
  });
  on("picture", () => chooseStep("hole"));
  await startPicture();
  document.body.classList.add("ready");
  performance.mark("ready");
}

addEventListener("beforeunload", (event) => {
  if (state.past.length) event.preventDefault();
});
startProblems();
startHelp();
begin();
