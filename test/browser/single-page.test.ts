/**
 * Tests a single-page app as the guide shows it, in React, in Vue and without a framework: a user signs in and pays, and the browser never loads the page
 * again. The guide's first example for React and for Vue only signs in; the second one also shows the other factors and pays.
 *
 * Out of scope: what `secondFactor` and `stepUpFetch` do in each case (`step-up-fetch.test.ts`).
 */
import type { Page } from 'playwright-core'
import { dirname } from 'node:path'
import express from 'express'
import { sms } from '../../src'
import { PASSWORD } from '../support/app'
import { describeWithChromium } from '../support/chromium'
import { componentOf, pageWith, scriptOf, startSinglePage, type SinglePageApp, type SinglePageOptions } from '../single-page/support'
import { forgiveComplaints, useChromium } from './support'

const ACCOUNT = `{ username: 'anna', password: '${PASSWORD}' }`

const FIRST_IN_REACT = `
import { createRoot } from 'react-dom/client'
import { useState } from 'react'
import { SignIn } from './SignIn.jsx'

function Bank() {
  const [note, setNote] = useState('Welcome')
  return <>
    <h1>{note}</h1>
    <SignIn account={${ACCOUNT}} done={({ username }) => setNote('Hello ' + username)} failed={(error) => setNote(error.code)} />
  </>
}
createRoot(document.getElementById('app')).render(<Bank />)`

const firstInVue = () => `${componentOf('SignIn.vue', 'SignIn')}
import { createApp, h, ref } from 'vue'

createApp({
  setup() {
    const note = ref('Welcome')
    const form = ref()
    const start = () => form.value.start(${ACCOUNT}).then(({ username }) => (note.value = 'Hello ' + username), (error) => (note.value = error.code))
    return () => [h('h1', note.value), h('button', { onClick: start }, 'Sign in'), h(SignIn, { ref: form })]
  },
}).mount('#app')`

const REACT = `
import { createRoot } from 'react-dom/client'
import { useState } from 'react'
import { SecondFactor, useSecondFactor } from './react.jsx'

function Bank() {
  const { step, api, signIn } = useSecondFactor()
  const [note, setNote] = useState('Welcome')
  const tell = (promise) => promise.then((it) => setNote(it), (error) => setNote(error.code))
  const pay = () => api('/api/transfer', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"amount":50}' }).then((response) => response.json())
  return <>
    <h1>{note}</h1>
    <button onClick={() => tell(signIn(${ACCOUNT}).then(({ username }) => 'Hello ' + username))}>Sign in</button>
    <button onClick={() => tell(pay().then(({ number }) => 'Paid ' + number))}>Pay</button>
    {step && <SecondFactor {...step} />}
  </>
}
createRoot(document.getElementById('app')).render(<Bank />)`

const vue = () => `${componentOf('SecondFactor.vue', 'SecondFactor')}
import { createApp, h, ref } from 'vue'
import { useSecondFactor } from './vue.js'

createApp({
  setup() {
    const { step, api, signIn } = useSecondFactor()
    const note = ref('Welcome')
    const tell = (promise) => promise.then((it) => (note.value = it), (error) => (note.value = error.code))
    const pay = () => api('/api/transfer', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"amount":50}' }).then((response) => response.json())
    return () => [
      h('h1', note.value),
      h('button', { onClick: () => tell(signIn(${ACCOUNT}).then(({ username }) => 'Hello ' + username)) }, 'Sign in'),
      h('button', { onClick: () => tell(pay().then(({ number }) => 'Paid ' + number)) }, 'Pay'),
      step.value && h(SecondFactor, { step: step.value }),
    ]
  },
}).mount('#app')`

describeWithChromium('a single-page app', () => {
  const chromium = useChromium()
  let bank: SinglePageApp
  let page: Page

  async function startBank(strategy: SinglePageOptions['strategy'] = {}): Promise<void> {
    bank = await startSinglePage({
      strategy,
      before: (app) => app.use('/passport-nevis', express.static(dirname(require.resolve('passport-nevis/browser')))),
    })
    bank.simulator.addUser({ username: 'anna', phone: '+41790000001' })
  }
  beforeEach(() => startBank())
  afterEach(() => bank.close())

  async function open(script: string): Promise<void> {
    bank.pages.set('/', pageWith(script))
    page = await (await chromium.open()).newPage()
    await page.goto(bank.origin)
  }
  const shows = (text: string) => page.getByText(text, { exact: true }).waitFor()
  const click = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const smsCode = () => /\d{4,}/.exec(bank.simulator.sms('anna').at(-1) ?? '')?.[0] as string

  describe.each([['React', () => scriptOf(FIRST_IN_REACT)], ['Vue', () => scriptOf(firstInVue())]])('in ten lines of %s', (_name, script) => {
    it('signs in by push, also after "Continue" was pressed too early', async () => {
      await open(script())
      await click('Sign in')
      await shows('Check your phone')
      const [asked] = await Promise.all([page.waitForResponse(/\/api\/2fa\/callback/), click('Continue')])
      expect(asked.status()).toBe(200)
      await shows('Check your phone')
      await bank.simulator.phone('anna').approve()
      await shows('Hello anna')
      expect(await page.locator('form').count()).toBe(0)
    })

    it('signs in by a code, after one typing mistake', async () => {
      await bank.close()
      await startBank({ factors: [sms()] })
      await open(script())
      await click('Sign in')
      await page.getByLabel('Code').fill('000000')
      await page.keyboard.press('Enter')
      await shows('wrong_code')
      await page.getByLabel('Code').fill(smsCode())
      await click('Continue')
      await shows('Hello anna')
      expect(await page.locator('form').count()).toBe(0)
    })

    it('cancels, also after a denial', async () => {
      await open(script())
      await click('Sign in')
      await shows('Check your phone')
      await click('Cancel')
      await shows('cancelled')
      expect(await page.locator('form').count()).toBe(0)
      await click('Sign in')
      await bank.simulator.phone('anna').deny()
      await shows('not_approved')
      await click('Cancel')
      await page.locator('form').waitFor({ state: 'detached' })
      await shows('cancelled')
      expect(bank.requests.filter((request) => request === 'POST /api/2fa').length).toBe(2)
      forgiveComplaints(/401/)
    })
  })

  describe.each([['React', () => scriptOf(REACT)], ['Vue', () => scriptOf(vue())]])('in %s', (_name, script) => {
    it('signs in by push', async () => {
      await open(script())
      await click('Sign in')
      await shows('Check your phone')
      await bank.simulator.phone('anna').approve()
      await shows('Hello anna')
      expect(await page.locator('form').count()).toBe(0)
    })

    it('pays after a step-up by SMS, with one typing mistake, and sends the payment again by itself', async () => {
      await open(script())
      await page.evaluate(`fetch('/signed-in', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"username":"anna"}' })`)
      await click('Pay')
      await shows('Confirm it is you?')
      await click('sms')
      await page.getByLabel('Code').fill('000000')
      await page.keyboard.press('Enter')
      await shows('wrong_code')
      expect(bank.transfers).toEqual([])
      await page.getByLabel('Code').fill(smsCode())
      await click('Continue')
      await shows('Paid 1')
      expect(bank.transfers).toEqual([{ amount: 50 }])
      expect(await page.locator('form').count()).toBe(0)
      forgiveComplaints(/401/)
    })

    it('stays as it was after a cancelled step-up', async () => {
      await open(script())
      await page.evaluate(`fetch('/signed-in', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"username":"anna"}' })`)
      await click('Pay')
      await click('app')
      expect(await page.getByRole('link', { name: 'Open the Access App' }).getAttribute('href')).toContain('dispatchTokenResponse')
      expect(await page.getByRole('status').textContent()).toBe('Confirm it is you?')
      await click('Cancel')
      await shows('cancelled')
      expect(bank.transfers).toEqual([])
      expect(await page.locator('form').count()).toBe(0)
      forgiveComplaints(/401/)
    })
  })

  it('without a framework and without a bundler signs in', async () => {
    await open(scriptOf('export { signIn } from "./sign-in.js"').replace(/^export/m, 'Object.assign(window, { signIn }); export'))
    await page.evaluate(`void signIn('anna', '${PASSWORD}', (step) => { document.title = step?.view.factor ?? 'over' }).then((it) => { app.textContent = it.username })`)
    await page.waitForFunction(`document.title === 'push'`)
    await bank.simulator.phone('anna').approve()
    await shows('anna')
    expect(await page.title()).toBe('over')

    const wrong = await page.evaluate(`signIn('anna', 'wrong', () => {})`)
    expect(wrong).toEqual({ failed: 'refused' })
    // Without a bundler, the browser imports the file of this package as it is published.
    expect(await page.evaluate(`import('/passport-nevis/index.mjs').then(Object.keys)`)).toEqual(['SecondFactorError', 'secondFactor', 'stepUpFetch'])
    forgiveComplaints(/401/)
  })
})
