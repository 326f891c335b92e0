/** The guides for Fastify, Koa and NestJS show exactly the code that the tests run. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const GUIDES = join(__dirname, '../../docs/guides/hosts')
const hosts = ['fastify', 'koa', 'nestjs']

/** The code blocks whose first line is the name of a file. */
function filesOf(markdown: string): [string, string][] {
  const blocks = [...markdown.matchAll(/^```(?:js|ts)\n(\/\/ (\S+)\n[^]*?)^```$/gm)]
  return blocks.map(([, code, file]) => [file as string, code as string])
}

describe.each(hosts)('docs/guides/hosts/%s.md', (host) => {
  const folder = join(__dirname, host)
  const shown = filesOf(readFileSync(join(GUIDES, `${host}.md`), 'utf8'))

  it('shows every file of the tested app', () => {
    expect(shown.map(([file]) => file).sort()).toEqual(readdirSync(folder).sort())
  })

  it.each(shown)('shows %s as it is tested', (file, code) => {
    expect(code).toBe(readFileSync(join(folder, file), 'utf8'))
  })
})
