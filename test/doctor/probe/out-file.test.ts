/** Tests how the probe writes its report: completely or not at all, with the permissions of the file that it replaces, and through symbolic links. */
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultOfPath, writeWhole } from '../../../src/doctor/probe/out-file'
import { notOnWindows } from '../../support/windows'

/** The error that the next call of `writeFileSync` throws after it has written half of the text, as on a full disk. */
let mockFault: string | undefined
/** The error that `renameSync` throws. */
let mockRenameFault: string | undefined
jest.mock('node:fs', () => {
  const actual = jest.requireActual<typeof fs>('node:fs')
  const failing = (code: string) => Object.assign(new Error(code), { code })
  return {
    ...actual,
    writeFileSync: (file: string, text: string, options?: fs.WriteFileOptions) => {
      if (mockFault === undefined) return actual.writeFileSync(file, text, options)
      actual.writeFileSync(file, text.slice(0, text.length / 2), options)
      throw failing(mockFault)
    },
    renameSync: (from: string, to: string) => {
      if (mockRenameFault !== undefined) throw failing(mockRenameFault)
      actual.renameSync(from, to)
    },
  }
})

let folder: string
let file: string
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'out-file-'))
  file = join(folder, 'report.json')
})
afterEach(() => {
  mockFault = mockRenameFault = undefined
  fs.rmSync(folder, { recursive: true })
})

const contents = () => Object.fromEntries(fs.readdirSync(folder).sort().map((name) => [name, fs.readFileSync(join(folder, name), 'utf8')]))

describe('a full disk', () => {
  it('leaves an older report as it was, and no other file', () => {
    fs.writeFileSync(file, 'older')
    mockFault = 'ENOSPC'
    expect(() => writeWhole(file, 'a newer report')).toThrow('ENOSPC')
    expect(contents()).toEqual({ 'report.json': 'older' })
  })

  it('leaves no file where there was none', () => {
    mockFault = 'ENOSPC'
    expect(() => writeWhole(file, 'a new report')).toThrow('ENOSPC')
    expect(contents()).toEqual({})
  })
})

describe('the written file', () => {
  it('is new, with the mode of any new file', () => {
    writeWhole(file, 'new')
    fs.writeFileSync(join(folder, 'other'), '')
    expect([contents()['report.json'], fs.statSync(file).mode]).toEqual(['new', fs.statSync(join(folder, 'other')).mode])
  })

  notOnWindows(it, 'file modes (chmod)')('keeps the mode of the older report', () => {
    fs.writeFileSync(file, 'older')
    fs.chmodSync(file, 0o640)
    writeWhole(file, 'new')
    expect([contents(), fs.statSync(file).mode & 0o777]).toEqual([{ 'report.json': 'new' }, 0o640])
  })

  notOnWindows(it, 'symbolic links without administrator rights').each([['exists', true], ['does not exist yet', false]])('is the target of a symbolic link, which stays a link; the target %s', (_name, exists) => {
    const target = join(folder, 'target.json')
    if (exists) fs.writeFileSync(target, 'older')
    fs.symlinkSync('target.json', file)
    writeWhole(file, 'new')
    expect([fs.lstatSync(file).isSymbolicLink(), contents()]).toEqual([true, { 'report.json': 'new', 'target.json': 'new' }])
  })

  it('is written in place if it cannot be replaced, for example because it is mounted', () => {
    fs.writeFileSync(file, 'older')
    mockRenameFault = 'EBUSY'
    writeWhole(file, 'new')
    expect(contents()).toEqual({ 'report.json': 'new' })
  })

  it('may be a device', () => {
    expect(() => writeWhole('/dev/null', 'new')).not.toThrow()
    expect(fs.statSync('/dev/null').isFile()).toBe(false)
  })
})

it('a report of another version › is not replaced, and the message says so', () => {
  fs.writeFileSync(file, '{"probe":2,"answers":[],"unexplained":[]}')
  expect(faultOfPath(file)).toBe(`--out: ${file} exists and was made by another version of the probe (probe: 2, this version reads probe: 1); choose another name`)
})
