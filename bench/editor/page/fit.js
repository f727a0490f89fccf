/* Frames as large as their place allows: whole screen pixels a picture pixel where that loses little. */

import { on, state } from "./state.js";

const LOSS = 0.8;
const SHARP = 3;

function fit(place) {
  const frame = place.querySelector(".frame");
  const { height, width } = state.picture;
  const room = Math.min(place.clientWidth / width, place.clientHeight / height);
  const ratio = devicePixelRatio;
  const whole = Math.floor(room * ratio + 1e-6) / ratio;
  const scale = whole >= LOSS * room ? whole : room;
  frame.style.width = `${Math.floor(width * scale)}px`;
  frame.style.height = `${Math.floor(height * scale)}px`;
  frame.classList.toggle("sharp", scale === whole || scale * ratio >= SHARP);
}

export function startFitting(redraw) {
  const places = [...document.querySelectorAll(".place")];
  const all = () => {
    if (!state.picture) return;
    places.forEach(fit);
    redraw();
  };
  const observer = new ResizeObserver(all);
  places.forEach((place) => observer.observe(place));
  on("picture", all);
}
