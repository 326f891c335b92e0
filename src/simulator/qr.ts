/**
 * Encodes a short text as a QR code: rows of black and white squares (modules).
 *
 * This file supports only what the simulator's app links need: byte mode, error correction level L, versions 1 to 6 (up to 134 bytes) and mask 0. Out of scope:
 * drawing the image (`png.ts`), and longer texts.
 *
 * Source: ISO/IEC 18004:2015.
 */

/** For each version of QR codes: the number of all codewords, the number of error correction codewords per block, and the number of blocks. */
const VERSIONS = [
  [26, 7, 1],
  [44, 10, 1],
  [70, 15, 1],
  [100, 20, 1],
  [134, 26, 1],
  [172, 18, 2],
] as const

type Grid = (boolean | undefined)[][]

function set(grid: Grid, x: number, y: number, dark: boolean): void {
  const row = grid[y]
  if (row !== undefined && x >= 0 && x < row.length) row[x] = dark
}

/** Multiplies two elements of GF(256) with the polynomial 0x11d. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d)
    if ((b >>> bit) & 1) product ^= a
  }
  return product
}

/** Computes Reed-Solomon error correction: the remainder of the data divided by (x - 1)(x - 2)(x - 4)… */
function errorCorrection(data: readonly number[], length: number): number[] {
  let divisor = [1]
  for (let degree = 0, root = 1; degree < length; degree++, root = multiply(root, 2)) {
    const next = [...divisor, 0]
    divisor.forEach((coefficient, at) => (next[at + 1] = (next[at + 1] ?? 0) ^ multiply(coefficient, root)))
    divisor = next
  }
  const remainder = [...data, ...Array<number>(length).fill(0)]
  for (let at = 0; at < data.length; at++) {
    const factor = remainder[at] ?? 0
    divisor.forEach((coefficient, step) => {
      remainder[at + step] = (remainder[at + step] ?? 0) ^ multiply(coefficient, factor)
    })
  }
  return remainder.slice(data.length)
}

/** Builds the codewords: mode, length, bytes and padding, split into blocks with error correction, and interleaved. */
function codewords(bytes: Buffer, total: number, correction: number, blocks: number): number[] {
  const capacity = total - correction * blocks
  const nibbles = [4, bytes.length >> 4, bytes.length & 15, ...[...bytes].flatMap((byte) => [byte >> 4, byte & 15]), 0]
  const data = Array.from({ length: nibbles.length / 2 }, (_, at) => ((nibbles[2 * at] ?? 0) << 4) | (nibbles[2 * at + 1] ?? 0))
  for (let pad = 0xec; data.length < capacity; pad ^= 0xec ^ 0x11) data.push(pad)
  const length = capacity / blocks
  const parts = Array.from({ length: blocks }, (_, at) => data.slice(at * length, (at + 1) * length))
  const interleave = (lists: number[][], size: number) =>
    Array.from({ length: size }, (_, at) => lists.map((list) => list[at] ?? 0)).flat()
  const corrections = parts.map((part) => errorCorrection(part, correction))
  return [...interleave(parts, length), ...interleave(corrections, correction)]
}

/** Draws concentric squares: a finder pattern (radius 4 with its white border) or an alignment pattern (radius 2). */
function drawRings(grid: Grid, centreX: number, centreY: number, radius: number): void {
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      const ring = Math.max(Math.abs(x), Math.abs(y))
      set(grid, centreX + x, centreY + y, radius === 4 ? ring !== 2 && ring !== 4 : ring !== 1)
    }
  }
}

/** Draws the format information (fifteen bits for level L and mask 0, twice), and the module that is always dark. */
function drawFormat(grid: Grid): void {
  const size = grid.length
  const format = 0b01000
  let remainder = format
  for (let bit = 0; bit < 10; bit++) remainder = (remainder << 1) ^ ((remainder >>> 9) * 0x537)
  const bits = ((format << 10) | remainder) ^ 0x5412
  for (let at = 0; at < 15; at++) {
    const dark = ((bits >>> at) & 1) === 1
    if (at < 8) {
      set(grid, 8, at < 6 ? at : at + 1, dark)
      set(grid, size - 1 - at, 8, dark)
    } else {
      set(grid, at === 8 ? 7 : 14 - at, 8, dark)
      set(grid, 8, size - 15 + at, dark)
    }
  }
  set(grid, 8, size - 8, true)
}

/** Fills the free modules with the data, in columns of two modules from the right, alternately upwards and downwards. Applies mask 0. */
function drawData(grid: Grid, data: readonly number[]): void {
  const size = grid.length
  let bit = 0
  let upwards = true
  for (let right = size - 1; right > 0; right -= 2, upwards = !upwards) {
    if (right === 6) right = 5
    for (let step = 0; step < size; step++) {
      const y = upwards ? size - 1 - step : step
      for (const x of [right, right - 1]) {
        if (grid[y]?.[x] !== undefined) continue
        const value = ((data[bit >> 3] ?? 0) >>> (7 - (bit & 7))) & 1
        set(grid, x, y, (value === 1) !== ((x + y) % 2 === 0))
        bit++
      }
    }
  }
}

/**
 * Makes the QR code of a text.
 * @param text at most 134 bytes in UTF-8
 * @returns rows of modules, true for black, without the white border
 * @throws RangeError for a longer text
 */
export function qrModules(text: string): boolean[][] {
  const bytes = Buffer.from(text)
  const at = VERSIONS.findIndex(([total, correction, blocks]) => total - correction * blocks >= bytes.length + 2)
  const version = VERSIONS[at]
  if (version === undefined) throw new RangeError('The text is too long for a QR code of version 6')
  const size = 21 + 4 * at
  const grid: Grid = Array.from({ length: size }, () => Array<boolean | undefined>(size).fill(undefined))
  for (let step = 0; step < size; step++) {
    set(grid, step, 6, step % 2 === 0)
    set(grid, 6, step, step % 2 === 0)
  }
  drawRings(grid, 3, 3, 4)
  drawRings(grid, size - 4, 3, 4)
  drawRings(grid, 3, size - 4, 4)
  if (at > 0) drawRings(grid, size - 7, size - 7, 2)
  drawFormat(grid)
  const [total, correction, blocks] = version
  drawData(grid, codewords(bytes, total, correction, blocks))
  return grid.map((row) => row.map((dark) => dark === true))
}
