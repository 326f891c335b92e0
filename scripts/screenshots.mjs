// @ts-check
/** `npm run screenshots` takes all screenshots of the documents again. Look at each screenshot afterwards. */
import { join } from 'node:path'
import { ROOT, runNode, step } from './run.mjs'

step('Taking the pictures (test/browser/pictures.test.ts)')
await runNode([join(ROOT, 'node_modules/jest/bin/jest.js'), '-i', 'test/browser/pictures'], { SCREENSHOTS: '1' })
