/** The generator of the properties about markup: does it draw what they are about? */
import { sample } from 'fast-check'
import { CONTROLS, DIRECTION, hostileText, MARKUP } from '../support/hostile-text'

describe('a thousand hostile texts', () => {
  const texts = sample(hostileText, 1000)

  it.each([...MARKUP, ...DIRECTION, ...CONTROLS].map((piece) => [JSON.stringify(piece), piece]))('contain %s in at least 30 of them', (_name, piece) => {
    expect(texts.filter((text) => text.includes(piece)).length).toBeGreaterThanOrEqual(30)
  })
})
