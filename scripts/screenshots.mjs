// @ts-check
/** Takes the screenshots in the documents again: `npm run screenshots`. Look at each of them afterwards. */
import { join } from 'node:path'
import { ROOT, runNode, step } from './run.mjs'

step('Taking the pictures (test/browser/pictures.test.ts)')
await runNode([join(ROOT, 'node_modules/jest/bin/jest.js'), '-i', 'test/browser/pictures'], { SCREENSHOTS: '1' })
