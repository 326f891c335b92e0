/** Reads the code that a simulated phone shows. */
import type { NevisSimulator } from '../../src/simulator'

/** The text of the newest request on the phone. */
export function messageOn(simulator: NevisSimulator, username: string): string {
  return simulator.phone(username).waiting.at(-1)?.message as string
}

/** The code in the last line of the newest request on the phone. */
export function codeOn(simulator: NevisSimulator, username: string): string {
  const code = /(\d{6})(<\/html>)?$/.exec(messageOn(simulator, username))?.[1]
  if (code === undefined) throw new Error(`no code on the phone: ${messageOn(simulator, username)}`)
  return code
}

/** Returns a wrong code of six digits, like the right one. Each `i` gives another wrong code. */
export const otherCode = (code: string, i = 1): string => String((Number(code) + i) % 1_000_000).padStart(6, '0')
