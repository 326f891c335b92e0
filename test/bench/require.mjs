// What it costs to load the package, in a new process each time, beside passport-oauth2 and axios.
// node test/bench/require.mjs [rounds, default 25]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { quantile } from './processes.mjs'

const ROUNDS = Number(process.argv[2] ?? 25)
const root = fileURLToPath(new URL('../..', import.meta.url))
const LOADED = [['passport-nevis'], ['passport-nevis', 'axios'], ['passport-oauth2'], ['axios'], ['passport-oauth2', 'axios']]

function load(names) {
  const script = `const cpu = process.cpuUsage(), begin = performance.now()
    for (const name of ${JSON.stringify(names)}) require(name)
    const wall = performance.now() - begin, { user, system } = process.cpuUsage(cpu)
    console.log(JSON.stringify({ wall, cpu: (user + system) / 1000, files: Object.keys(require.cache).length }))`
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' })
  if (!stdout) throw new Error(stderr)
  return JSON.parse(stdout)
}

const runs = LOADED.map(() => [])
// In turn, so that what else the machine does is shared fairly.
for (let round = 0; round < ROUNDS; round++) for (const [i, names] of LOADED.entries()) runs[i].push(load(names))

console.log('| `require` of | median | CPU, median | files |\n|---|---|---|---|')
for (const [i, names] of LOADED.entries()) {
  const median = (field) => quantile(runs[i].map((run) => run[field]), 0.5).toFixed(1)
  console.log(`| ${names.join(' and ')} | ${median('wall')} ms | ${median('cpu')} ms | ${runs[i][0].files} |`)
}
