// @ts-check
/** Takes the pictures of the documents anew: `npm run screenshots`. Then look at each picture. */
import { join } from 'node:path'
import { ROOT, runNode, step } from './run.mjs'

step('Taking the pictures (test/browser/pictures.test.ts)')
await runNode([join(ROOT, 'node_modules/jest/bin/jest.js'), '-i', 'test/browser/pictures'], { SCREENSHOTS: '1' })
