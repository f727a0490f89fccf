/* Sorting: first click the best on top, second the worst, third the order of the run. Rows without a number stay last. */

function sortTable(heading) {
  const table = heading.closest("table");
  const column = heading.cellIndex;
  const orders = heading.dataset.better === "higher" ? ["descending", "ascending"] : ["ascending", "descending"];
  const order = [...orders, "none"][orders.indexOf(heading.ariaSort) + 1];
  for (const other of table.tHead.rows[0].cells) if (other.ariaSort) other.ariaSort = "none";
  heading.ariaSort = order;
  for (const body of table.tBodies) sortRows(body, column, order);
}

function sortRows(body, column, order) {
  const rows = [...body.rows];
  rows.forEach((row, place) => (row.dataset.place ??= place));
  rows.sort((one, other) => one.dataset.place - other.dataset.place);
  if (order !== "none") rows.sort((one, other) => compare(one.cells[column], other.cells[column], order));
  body.append(...rows);
}

function compare(one, other, order) {
  const sign = order === "ascending" ? 1 : -1;
  if (one.dataset.value === undefined) return sign * one.textContent.localeCompare(other.textContent, "en", { numeric: true });
  if (one.dataset.value === other.dataset.value) return 0;
  if (one.dataset.value === "") return 1;
  if (other.dataset.value === "") return -1;
  return sign * (Number(one.dataset.value) - Number(other.dataset.value));
}

/* Columns whose metric or region is not ticked are hidden. */
function showColumns() {
  const ticked = (kind) => new Set([...byId("columns").querySelectorAll(`[name=${kind}]:checked`)].map((box) => box.value));
  const metrics = ticked("metric");
  const regions = ticked("region");
  for (const cell of byId("tables").querySelectorAll("[data-metric]")) {
    cell.hidden = !metrics.has(cell.dataset.metric) || !regions.has(cell.dataset.region);
  }
}

async function copy(button, text) {
  const label = (button.dataset.label ??= button.textContent);
  button.textContent = (await toClipboard(text)) ? "Copied" : "Not allowed to copy";
  setTimeout(() => (button.textContent = label), 1500);
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/* For browsers that keep the clipboard from pages opened as files. */
function copyBySelection(text) {
  const field = make("textarea", { value: text });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

function startTables() {
  for (const button of document.querySelectorAll("thead button")) {
    button.addEventListener("click", () => sortTable(button.closest("th")));
  }
  for (const button of document.querySelectorAll("[data-copy-text]")) {
    button.addEventListener("click", () => copy(button, byId(button.dataset.copyText).textContent));
  }
  for (const button of document.querySelectorAll("[data-copy-file]")) {
    const { copyFile, copySuffix } = button.dataset;
    button.hidden = data.files[copyFile][copySuffix] === undefined;
    button.addEventListener("click", () => copy(button, data.files[copyFile][copySuffix]));
  }
  byId("columns").addEventListener("change", showColumns);
  byId("intervals").addEventListener("change", (event) => {
    byId("tables").classList.toggle("intervals", event.target.checked);
  });
  showColumns();
}
