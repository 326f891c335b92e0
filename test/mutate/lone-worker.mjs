// @ts-check
/**
 * The process in which the mutants of `lone.mjs` run: it gets the id of a mutant, and answers with the mutant's result.
 *
 * Out of scope: stopping a mutant that never ends (`lone-run.mjs` ends this process).
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { installSwitch, withSwitches } from './lone.mjs'
import { JestWithoutSandbox } from './runner.mjs'

/** @type {JestWithoutSandbox} */
let runner

/** The functions that answer the messages of `lone-run.mjs`, by the message's property `ask`. @type {Record<string, (message: any) => Promise<unknown>>} */
const answers = {
  async load({ files, tests, swc }) {
    installSwitch()
    const texts = files.map((/** @type {string} */ file) => withSwitches(resolve(file), readFileSync(file, 'utf8')))
    const sources = new Map(texts.map((/** @type {{ text: string }} */ { text }, /** @type {number} */ at) => [resolve(files[at]), text]))
    runner = new JestWithoutSandbox({ inProcess: { tests, swc, sources } })
    await runner.init()
    return { mutants: texts.flatMap((/** @type {{ mutants: unknown[] }} */ { mutants }) => mutants) }
  },
  dryRun: () => runner.dryRun({ coverageAnalysis: 'perTest' }),
  mutant: (options) => runner.mutantRun(options),
}

process.on('message', (/** @type {{ ask: string, with: unknown }} */ message) => {
  answers[message.ask]?.(message.with).then(
    (answer) => process.send?.({ answer }),
    (error) => process.send?.({ error: String(error?.stack ?? error) }),
  )
})
// When the parent process ends, end this process explicitly: a mutant may have left timers or connections open that would keep it alive.
process.on('disconnect', () => process.exit())
