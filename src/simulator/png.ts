/**
 * Draws the black and white squares (modules) of a QR code as a PNG, in a data URI.
 *
 * Out of scope: computing the modules (`qr.ts`).
 *
 * Source: PNG specification, third edition, https://www.w3.org/TR/png-3/
 */
import { deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

/** The table for the CRC-32 checksums of PNG chunks. `zlib.crc32` does not exist in Node 20.0. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

function crc32(data: Buffer): number {
  let crc = 0xffffffff
  for (const byte of data) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(content))
  return Buffer.concat([length, content, crc])
}

/**
 * Draws the modules as a PNG.
 * @param dark the modules, row by row; true is black
 * @param size width and height in pixels. The modules are centred, with a white border of at least 4 modules
 */
export function pngDataUri(dark: readonly (readonly boolean[])[], size: number): string {
  const scale = Math.max(1, Math.floor(size / (dark.length + 8)))
  const margin = Math.floor((size - scale * dark.length) / 2)
  const rowLength = 1 + Math.ceil(size / 8)
  // One bit per pixel; 1 is white. The first byte of each row is the PNG filter; 0 means none.
  const pixels = Buffer.alloc(rowLength * size, 0xff)
  for (let y = 0; y < size; y++) {
    pixels[y * rowLength] = 0
    const modules = dark[Math.floor((y - margin) / scale)]
    if (modules === undefined) continue
    for (let x = margin; x < margin + scale * dark.length; x++) {
      if (!modules[Math.floor((x - margin) / scale)]) continue
      const at = y * rowLength + 1 + (x >> 3)
      pixels[at] = (pixels[at] ?? 0) & ~(0x80 >> (x & 7))
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header[8] = 1
  const png = [SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))]
  return `data:image/png;base64,${Buffer.concat(png).toString('base64')}`
}
