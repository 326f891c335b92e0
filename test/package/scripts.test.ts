/** The commands in `package.json` and the line endings in `.gitattributes` work on any operating system. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(__dirname, '../..')
const scriptsOf = (folder: string) => Object.entries((JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts)

describe('the npm scripts', () => {
  it.each([...scriptsOf('.'), ...scriptsOf('example-app')])('run on Windows too, because they use only Node, npm and installed commands: %s', (_name, script) => {
    for (const command of script.split(' && ')) expect(command).toMatch(/^(node|npm run|eslint|jest|tsc|typedoc)( [\w./-]+)*$/)
  })
})

describe('the line endings', () => {
  it('are the same on every system', () => {
    expect(readFileSync(join(ROOT, '.gitattributes'), 'utf8')).toMatch(/^\* text=auto eol=lf$/m)
  })
})
