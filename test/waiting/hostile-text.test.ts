/** Checks that the generator of random texts for tests of escaping produces markup and bidi characters often. */
import { sample } from 'fast-check'
import { CONTROLS, DIRECTION, hostileText, MARKUP } from '../support/hostile-text'

/** A fixed seed: the tests count how often the generator draws each piece, and must not fail by chance. */
const SEED = 2026

describe('two thousand hostile texts', () => {
  const texts = sample(hostileText, { numRuns: 2000, seed: SEED })

  it.each([...MARKUP, ...DIRECTION, ...CONTROLS].map((piece) => [JSON.stringify(piece), piece]))('contain %s in at least 30 of them', (_name, piece) => {
    expect(texts.filter((text) => text.includes(piece)).length).toBeGreaterThanOrEqual(30)
  })
})
