/**
 * Tests that no data reaches the report of the command `probe` if an instance, or a gateway in front of it, puts data in unusual places: in names of fields, in
 * names and values of headers, in parameters of the media type, and in the reason phrase of the status line.
 */
import { request, type RequestListener } from 'node:http'
import { NOT_COMPARED, runOnSimulator } from '../../../src/doctor/probe/recognise'
import { reportOf, textOf } from '../../../src/doctor/probe/report'
import { SimulatedPerson } from '../../../src/doctor/probe/simulated-person'
import { runStages, type Stage } from '../../../src/doctor/probe/stages'
import { NevisSimulator } from '../../../src/simulator'
import { closeServers, originOf } from '../support'

const STAGES: readonly Stage[] = ['quiet', 'users', 'app', 'sms']
/** A name that no request contains: only the instance knows it. */
const OTHER = 'Berta'

let simulator: NevisSimulator
beforeEach(async () => void (simulator = await NevisSimulator.start()))
afterEach(async () => {
  await simulator.close()
  await closeServers()
})

/** Passes each request on to the simulator. Adds `OTHER`, the values of the answer and the texts in `values` to unusual places of the answer. */
function telling(values: Set<string>): RequestListener {
  return (req, res) => {
    const passed = request(simulator.baseURL + String(req.url), { method: req.method, headers: { ...req.headers, 'accept-encoding': 'identity' } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk)).on('end', () => {
        const headers = { 'content-type': `application/json; owner=${OTHER}; charset=utf-8`, [`x-of-${OTHER}`]: OTHER, 'set-cookie': `${OTHER}=${OTHER}`, 'www-authenticate': `Bearer realm="${OTHER}"`, 'retry-after': OTHER, date: String(answer.headers.date) }
        res.writeHead(answer.statusCode as number, OTHER, headers).end(text.startsWith('{') ? withNames(text, values) : text)
      })
    })
    req.pipe(passed)
  }
}

/** Adds the values of the answer to `values`. Then adds a field to the answer: an object whose field names are all texts in `values`. */
function withNames(text: string, values: Set<string>): string {
  const json = JSON.parse(text) as object
  for (const value of Object.values(json)) if (typeof value === 'string' && value.length > 8) values.add(value)
  return JSON.stringify({ ...json, [OTHER]: 1, result: { list: [Object.fromEntries([...values].map((name) => [name, { [name]: true }]))] } })
}

it('an instance that puts data in unusual places › gets a report without data, and the report still names the usual fields', async () => {
  const person = new SimulatedPerson(simulator)
  const values = new Set([`${OTHER}Meier`, `of${OTHER}`, `user_${OTHER.toLowerCase()}`, `${OTHER}.Meier@bank.example`, person.number, person.number.slice(1), '12345678'])
  const results = await runStages({ baseURL: await originOf(telling(values)), accessKey: simulator.accessKey, stages: STAGES, phone: person.number, person, pause: async (ms) => simulator.advance(ms), say: () => undefined, signal: new AbortController().signal })
  const report = reportOf(results, NOT_COMPARED)
  const printed = (JSON.stringify(report) + textOf(report)).toLowerCase()
  // Leave out values that the report shows on purpose, such as the status `succeeded`.
  const secrets = [...values, OTHER].filter((value) => /[\d@A-Z]/.test(value)).map((value) => value.toLowerCase())
  expect(secrets.length).toBeGreaterThan(30)
  expect(secrets.filter((secret) => printed.includes(secret))).toEqual([])
  // Some fields contain a URL of the simulator. The report calls this the URL of another host, because the probe calls the server in front of the simulator. So
  // check only that the field contains a URL.
  const plain = (fields: string | readonly string[] = []) => [fields].flat().map((field) => field.replace(/: URL of .*/, ': URL'))
  const usual = Object.entries((await runOnSimulator([], STAGES)).facts).filter(([name, fields]) => name.endsWith('.fields') && String(fields).includes(': '))
  const missing = usual.flatMap(([name, fields]) => plain(fields).filter((field) => !plain(results.facts[name]).includes(field)).map((field) => `${name} ${field}`))
  expect([usual.length > 50, missing, results.facts['enroll.sms.headers']]).toEqual([true, [], ['retry-after', 'set-cookie', 'www-authenticate']])
})
