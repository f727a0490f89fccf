"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

/* An element with properties and children; strings become text, never markup. */
function make(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

const named = (text) => make("bdi", {}, text);

/* The text of a picture's block is read when the picture is first wanted, and not before. */
function sourceOf(picture) {
  return `data:image/webp;base64,${byId(picture).textContent}`;
}

async function decoded(picture) {
  const image = make("img", { src: sourceOf(picture) });
  await image.decode();
  return image;
}

/* A number of a measure as the tables print it: "exact" is infinitely good. */
function printed(value, measure) {
  if (value === null) return "–";
  const infinite = { inf: measure.higher ? "exact" : "∞", "-inf": "−∞" }[value];
  return infinite ?? value.toFixed(measure.decimals);
}

const withUnit = (value, measure) => `${printed(value, measure)} ${value === null ? "" : measure.unit}`.trim();

/* What a value costs: smaller is better, whatever the measure; undefined values cost the most. */
function cost(value, measure) {
  if (value === null || value === undefined) return Number.MAX_VALUE;
  const number = typeof value === "number" ? value : Number(value.replace("inf", "Infinity"));
  return measure.higher ? -number : number;
}
