/* The three-step hint of the first visit, the window of keys, and the colour scheme. */

import { byId, stored } from "./dom.js";
import { anySet, on, state } from "./state.js";

export const help = () => byId("help").showModal();

function showHint(visible) {
  byId("hint").hidden = !visible;
  if (!visible) stored.set("hint", "seen");
}

const SCHEMES = ["system", "light", "dark"];

function useScheme(scheme) {
  document.documentElement.dataset.scheme = scheme;
  byId("scheme").value = scheme;
}

export function startHelp() {
  byId("help-open").addEventListener("click", help);
  byId("hint-close").addEventListener("click", () => {
    showHint(false);
    byId("canvas").focus();
  });
  byId("hint-open").addEventListener("click", () => {
    byId("help").close();
    showHint(true);
    byId("hint-close").focus();
  });
  showHint(stored.get("hint") !== "seen");
  on("entry", () => {
    if (state.entry && anySet(state.entry.hole)) showHint(false);
  });
  byId("scheme").addEventListener("change", () => {
    useScheme(byId("scheme").value);
    stored.set("scheme", byId("scheme").value);
  });
  const scheme = stored.get("scheme");
  useScheme(SCHEMES.includes(scheme) ? scheme : "system");
  byId("single-keys").checked = stored.get("single-keys") !== "off";
  byId("single-keys").addEventListener("change", () => stored.set("single-keys", byId("single-keys").checked ? "on" : "off"));
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
}
