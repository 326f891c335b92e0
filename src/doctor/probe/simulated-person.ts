/**
 * Plays the person with a phone when the command `probe` runs on the simulator.
 *
 * Out of scope: the person at the terminal, when the probe runs on a Nevis instance (`terminal-person.ts`).
 */
import type { NevisSimulator } from '../../simulator'
import type { Person } from './stage-context'

const PHONE_NUMBER = '+41790000000'

export class SimulatedPerson implements Person {
  readonly number = PHONE_NUMBER

  constructor(private readonly simulator: NevisSimulator) {}

  confirm(): Promise<boolean> {
    return Promise.resolve(true)
  }

  /**
   * Scans a link. A dialect (a variant of Nevis's behaviour) may have changed the link, so this method rebuilds the simulator's own link from the token in the
   * changed link.
   */
  async scan(link: string | undefined): Promise<void> {
    const token = /dispatchTokenResponse=([^&#]+)/.exec(link ?? '')?.[1]
    const path = token === undefined ? link : `${this.simulator.baseURL}/open?dispatchTokenResponse=${token}`
    await this.owner()?.scan(path ?? '').catch(() => undefined)
  }

  async answer(what: 'accept' | 'deny'): Promise<void> {
    const phone = this.owner()
    await (what === 'accept' ? phone?.approve() : phone?.deny())?.catch(() => undefined)
  }

  typeCode(): Promise<string> {
    const { username } = this.simulator.users.at(-1) ?? {}
    const text = username === undefined ? undefined : this.simulator.sms(username).at(-1)
    return Promise.resolve(/\d{4,}/.exec(JSON.stringify(text ?? ''))?.[0] ?? '0000')
  }

  private owner() {
    const { username } = this.simulator.users.at(-1) ?? {}
    return username === undefined ? undefined : this.simulator.phone(username)
  }
}
