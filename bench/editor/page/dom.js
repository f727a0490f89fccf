/* Small helpers around the document. */

export const byId = (id) => document.getElementById(id);

/* An element with properties and children; strings become text, never markup. */
export function make(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/* One of the icons of index.html; the text beside it names it, so it is hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/* What a person reads and a screen reader speaks: progress and results. */
export function say(text) {
  byId("status").textContent = text;
}

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
export const share = (part, whole) => percent.format(part / whole);

export const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

/* A preference that outlives the page, or nothing where the browser keeps none. */
export const stored = {
  get(key) {
    try {
      return localStorage.getItem(`spgbench-editor-${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`spgbench-editor-${key}`, value);
    } catch {
      /* a browser that keeps nothing asks again next time */
    }
  },
};
