/* Shapes as masks: Uint8Array of height x width, 1 inside. Points are [row, column] of pixels. */

/* Mark the pixels whose centres are at most half of `size` from the line between two points. */
export function line(mask, height, width, [top, left], [bottom, right], size) {
  const reach = size / 2;
  const [down, across] = [bottom - top, right - left];
  const length = down * down + across * across;
  const [first, last] = [Math.max(0, Math.floor(Math.min(top, bottom) - reach)), Math.min(height - 1, Math.ceil(Math.max(top, bottom) + reach))];
  const [from, to] = [Math.max(0, Math.floor(Math.min(left, right) - reach)), Math.min(width - 1, Math.ceil(Math.max(left, right) + reach))];
  for (let row = first; row <= last; row++) {
    for (let column = from; column <= to; column++) {
      const along = length ? Math.min(1, Math.max(0, ((row - top) * down + (column - left) * across) / length)) : 0;
      const [y, x] = [row - top - along * down, column - left - along * across];
      if (y * y + x * x <= reach * reach) mask[row * width + column] = 1;
    }
  }
}

/* Mark the pixels from one corner to the other, both included. */
export function rectangle(mask, height, width, [top, left], [bottom, right]) {
  for (let row = Math.min(top, bottom); row <= Math.max(top, bottom); row++) {
    mask.fill(1, row * width + Math.min(left, right), row * width + Math.max(left, right) + 1);
  }
}

/* Mark the pixels whose centres are inside a closed line (even-odd rule), and those under the line itself. */
export function polygon(mask, height, width, points) {
  const closed = [...points, points[0]];
  for (let row = 0; row < height; row++) {
    const crossings = [];
    for (let i = 0; i < points.length; i++) {
      const [[top, left], [bottom, right]] = [closed[i], closed[i + 1]];
      if (top <= row !== bottom <= row) crossings.push(left + ((row - top) / (bottom - top)) * (right - left));
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      mask.fill(1, row * width + Math.ceil(crossings[i]), row * width + Math.min(width - 1, Math.floor(crossings[i + 1])) + 1);
    }
  }
  for (let i = 0; i < points.length; i++) line(mask, height, width, closed[i], closed[i + 1], 1);
}

/* Mark the pixels that are connected with a point, by sides, and have its value; `inside`, if any, bounds them. */
export function region(mask, height, width, [row, column], values, inside = null) {
  const start = row * width + column;
  const wanted = values[start];
  const belongs = (place) => !mask[place] && values[place] === wanted && (!inside || inside[place]);
  const waiting = belongs(start) ? [start] : [];
  if (waiting.length) mask[start] = 1;
  while (waiting.length) {
    const place = waiting.pop();
    const across = place % width;
    const next = [place - width, place + width];
    if (across > 0) next.push(place - 1);
    if (across < width - 1) next.push(place + 1);
    for (const one of next) {
      if (one >= 0 && one < values.length && belongs(one)) {
        mask[one] = 1;
        waiting.push(one);
      }
    }
  }
}

/* Sides of pixels where a mask ends, as [row, column, row, column] of corners. */
export function outline(mask, height, width) {
  const sides = [];
  const at = (row, column) => (row >= 0 && column >= 0 && row < height && column < width && mask[row * width + column] ? 1 : 0);
  for (let row = 0; row <= height; row++) {
    for (let column = 0; column <= width; column++) {
      const here = at(row, column);
      if (here !== at(row - 1, column)) sides.push([row, column, row, column + 1]);
      if (here !== at(row, column - 1)) sides.push([row, column, row + 1, column]);
    }
  }
  return sides;
}
