/* Index maps (classes, holes) as PNG files of 8-bit grey, exactly.
 *
 * No canvas is in the way: colour management, premultiplied alpha and browsers that blur canvases against
 * fingerprinting would change indices.
 */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const PREFIX = "data:image/png;base64,";
const GREY = 0;
const PALETTE = 3;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

export function bytesOfUrl(url) {
  const text = atob(url.slice(url.indexOf(",") + 1));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export function urlOfBytes(bytes, prefix = PREFIX) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return prefix + btoa(text);
}

async function through(stream, bytes) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

function chunk(name, data) {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}

/* Data URL of a grey PNG of values, 0 to 255, row by row. */
export async function encodeGrey(values, height, width) {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([8, GREY, 0, 0, 0], 8);
  const rows = new Uint8Array(height * (width + 1));
  for (let row = 0; row < height; row++) rows.set(values.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", await through(new CompressionStream("deflate"), rows)),
    chunk("IEND", new Uint8Array()),
  ];
  return urlOfBytes(new Uint8Array(await new Blob(parts).arrayBuffer()));
}

/* Values, height and width of a PNG of 8-bit grey or of 8-bit palette indices. */
export async function decodeGrey(url) {
  const bytes = bytesOfUrl(url);
  const view = new DataView(bytes.buffer);
  if (SIGNATURE.some((byte, place) => bytes[place] !== byte)) throw new Error("The server sent a map that is no PNG.");
  const packed = [];
  for (let at = 8; at < bytes.length; at += view.getUint32(at) + 12) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === "IDAT") packed.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const [width, height, depth, colour, interlaced] = [view.getUint32(16), view.getUint32(20), bytes[24], bytes[25], bytes[28]];
  if (depth !== 8 || ![GREY, PALETTE].includes(colour) || interlaced) throw new Error("The server sent a map that is no PNG of 8-bit indices.");
  const rows = await through(new DecompressionStream("deflate"), new Uint8Array(await new Blob(packed).arrayBuffer()));
  return { values: unfiltered(rows, height, width), height, width };
}

function unfiltered(rows, height, width) {
  const values = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    const filter = rows[row * (width + 1)];
    for (let column = 0; column < width; column++) {
      const place = row * width + column;
      const left = column ? values[place - 1] : 0;
      const above = row ? values[place - width] : 0;
      const corner = row && column ? values[place - width - 1] : 0;
      values[place] = rows[row * (width + 1) + 1 + column] + predicted(filter, left, above, corner);
    }
  }
  return values;
}

/* The five filters of the PNG specification, section 9. */
function predicted(filter, left, above, corner) {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4:
      return paeth(left, above, corner);
    default:
      return 0;
  }
}

function paeth(left, above, corner) {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}
