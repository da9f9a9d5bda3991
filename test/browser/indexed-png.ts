// Makes a screenshot small enough for a repository: at most 256 colours, which a page of text and flat colours hardly
// exceeds. Chromium writes 8 bits each of red, green and blue (PNG, third edition, 9 and 11.2).

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE_BYTES = 8;
const BYTES_PER_PIXEL = 3;
const COLORS_MAX = 256;
/** Squared distance of colours that nobody tells apart. */
const ALIKE = 10;
const PALETTE_TYPE = 3;

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each, row by row. */
  readonly rgb: Uint8Array;
}

function decode(png: Buffer): Pixels {
  const parts: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + length));
  }
  const [width, height, type] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25]];
  if (type !== 2) throw new Error(`this PNG is of colour type ${type}, and not RGB`);
  const stride = width * BYTES_PER_PIXEL;
  const raw = inflateSync(Buffer.concat(parts));
  const rgb = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]!;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x < BYTES_PER_PIXEL ? 0 : rgb[at - BYTES_PER_PIXEL]!;
      const up = y === 0 ? 0 : rgb[at - stride]!;
      const corner = x < BYTES_PER_PIXEL || y === 0 ? 0 : rgb[at - stride - BYTES_PER_PIXEL]!;
      rgb[at] = raw[y * (stride + 1) + 1 + x]! + predicted(filter, left, up, corner);
    }
  }
  return { width, height, rgb };
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const sum = left + up - corner;
  const [a, b, c] = [Math.abs(sum - left), Math.abs(sum - up), Math.abs(sum - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

const distance = (a: number, b: number): number =>
  [16, 8, 0].reduce((sum, shift) => sum + (((a >> shift) & 255) - ((b >> shift) & 255)) ** 2, 0);

/** The most frequent ones that can be told apart, so that a rare but different one has a place too. */
function paletteOf(counts: ReadonlyMap<number, number>): number[] {
  const palette: number[] = [];
  for (const [color] of [...counts].sort(([, a], [, b]) => b - a)) {
    if (palette.length === COLORS_MAX) break;
    if (palette.every((one) => distance(one, color) > ALIKE)) palette.push(color);
  }
  return palette;
}

/** Each pixel's place in the palette. */
function indexed({ rgb }: Pixels): { palette: number[]; indices: Uint8Array } {
  const colors = Array.from(
    { length: rgb.length / BYTES_PER_PIXEL },
    (_, pixel) => (rgb[pixel * 3]! << 16) | (rgb[pixel * 3 + 1]! << 8) | rgb[pixel * 3 + 2]!,
  );
  const counts = new Map<number, number>();
  for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1);
  const palette = paletteOf(counts);
  const places = new Map(palette.map((color, place) => [color, place]));
  const nearest = (color: number): number => {
    const found = palette.reduce((best, one) => (distance(one, color) < distance(best, color) ? one : best));
    places.set(color, palette.indexOf(found));
    return palette.indexOf(found);
  };
  return { palette, indices: Uint8Array.from(colors, (color) => places.get(color) ?? nearest(color)) };
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** The same picture with a palette. */
export function indexedPng(png: Buffer): Buffer {
  const pixels = decode(png);
  const { palette, indices } = indexed(pixels);
  const { width, height } = pixels;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, PALETTE_TYPE, 0, 0, 0], 8);
  const colors = Uint8Array.from(palette.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const body = [chunk("IHDR", header), chunk("PLTE", colors), chunk("IDAT", deflateSync(rows, { level: 9 }))];
  return Buffer.concat([png.subarray(0, SIGNATURE_BYTES), ...body, chunk("IEND", new Uint8Array())]);
}
