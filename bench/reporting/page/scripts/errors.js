/* Error maps: the mean over channels of |fill - truth|, black for none through red to white for 128 levels and more. */

const MOST_ERROR = 128;
const STOPS = [[0, 0, 0], [87, 15, 109], [187, 55, 84], [249, 142, 8], [252, 255, 164]]; // of matplotlib's inferno
const ramp = Uint8ClampedArray.from({ length: 3 * (MOST_ERROR + 1) }, (_, place) => {
  const position = (Math.floor(place / 3) / MOST_ERROR) * (STOPS.length - 1);
  const low = Math.min(Math.floor(position), STOPS.length - 2);
  const channel = place % 3;
  return STOPS[low][channel] + (position - low) * (STOPS[low + 1][channel] - STOPS[low][channel]);
});

function pixels(images, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  for (const image of images) context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height);
}

/* The fill covers the hole of the input, which is the truth unless the hole hides an object to be removed. */
async function drawErrors(canvas, truthPicture, inputPicture, fillPicture) {
  const [truth, input, fill] = await Promise.all([decoded(truthPicture), decoded(inputPicture), decoded(fillPicture)]);
  const { naturalWidth: width, naturalHeight: height } = truth;
  const expected = pixels([truth], width, height).data;
  const map = pixels([input, fill], width, height);
  const found = map.data;
  for (let at = 0; at < found.length; at += 4) {
    let sum = 0;
    for (let channel = at; channel < at + 3; channel++) sum += Math.abs(found[channel] - expected[channel]);
    const level = 3 * Math.min(MOST_ERROR, Math.round(sum / 3));
    found.set(ramp.subarray(level, level + 3), at);
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(map, 0, 0);
}

function drawRamp(canvas) {
  const context = canvas.getContext("2d");
  for (let level = 0; level < canvas.width; level++) {
    context.fillStyle = `rgb(${ramp.subarray(3 * level, 3 * level + 3).join(" ")})`;
    context.fillRect(level, 0, 1, 1);
  }
}
