/**
 * The guides show code that tests run: each code block names its file, and the file must contain the block. In the guide `single-page-apps`, some blocks name
 * no file; for these blocks, other tests check only that the code compiles.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const guides = { 'existing-app': [join(__dirname, 'after'), join(__dirname, 'shapes'), join(__dirname, '../types')], testing: [join(__dirname, '../kit')], 'single-page-apps': [join(__dirname, '../single-page')] }

/** The pieces of each code block, which are separated by `// …` for omitted lines. */
function blocksOf(guide: string): { file: string; pieces: string[] }[] {
  const text = readFileSync(join(__dirname, '../../docs/guides', `${guide}.md`), 'utf8')
  return [...text.matchAll(/^```(?:jsx?|ts|vue)\n(?:\/\/|<!--) (\S+\.\w+)(?: -->)?\n([^]*?)\n```$/gm)].map(([, file, code]) => ({ file: file as string, pieces: (code as string).split('\n// …\n') }))
}

describe.each(Object.entries(guides))('the guide %s', (guide, folders) => {
  const blocks = blocksOf(guide)

  it('names the file of every block', () => {
    const fences = readFileSync(join(__dirname, '../../docs/guides', `${guide}.md`), 'utf8').match(/^```(?:js|ts)$/gm)
    expect(blocks.length).toBeGreaterThan(4)
    if (guide !== 'single-page-apps') expect(fences).toHaveLength(blocks.length)
  })

  it.each(blocks.map(({ file, pieces }, i) => [`${i + 1}. ${file}`, file, pieces] as const))('shows the code as it is run: %s', (_name, file, pieces) => {
    const code = readFileSync(folders.map((folder) => join(folder, file)).find(existsSync) as string, 'utf8')
    for (const piece of pieces) expect(code).toContain(piece)
  })
})

describe('the guide single-page-apps', () => {
  it.each(['SignIn.jsx', 'SignIn.vue'])('begins each framework with at most ten lines of code, none longer than 100 columns: %s', (file) => {
    const [first] = blocksOf('single-page-apps').filter((block) => /\.(jsx|vue)$/.test(block.file) && block.file.endsWith(file.slice(-3)))
    const code = (first?.pieces ?? []).flatMap((piece) => piece.split('\n')).filter((line) => line.trim() !== '')
    expect(first?.file).toBe(file)
    expect(code.length).toBeGreaterThan(5)
    expect(code.length).toBeLessThanOrEqual(10)
    expect(code.filter((line) => line.length > 100)).toEqual([])
  })
})

describe('the guide existing-app', () => {
  it('shows the button of the template', () => {
    const text = readFileSync(join(__dirname, '../../docs/guides/existing-app.md'), 'utf8')
    const [, button] = /^```html\n([^]*?)\n```$/m.exec(text) as unknown as [string, string]
    expect(readFileSync(join(__dirname, 'after/views/login.ejs'), 'utf8')).toContain(button)
  })

  it('shows every line that was changed', () => {
    const shown = blocksOf('existing-app').flatMap(({ pieces }) => pieces).join('\n')
    for (const file of ['app.js', 'auth.js', 'routes/auth.js', 'routes/account.js', 'routes/notes.js', 'db.js', 'users.js', 'server.js', 'session-store.js']) {
      const before = new Set(readFileSync(join(__dirname, 'before', file), 'utf8').split('\n'))
      const added = readFileSync(join(__dirname, 'after', file), 'utf8').split('\n').filter((line) => !before.has(line))
      expect(added.filter((line) => !shown.includes(line))).toEqual([])
    }
  })
})
