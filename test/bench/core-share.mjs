// @ts-check
// Limits a process to a share of a CPU core, as if it ran on a small machine of its own. So several processes of an app can run on one machine, beside the
// browsers and the store, without taking CPU time from each other. Uses the kernel's control groups (version 1, as root), which pause a process that has used
// up its share.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'

const CPU = '/sys/fs/cgroup/cpu'
const PERIOD_MICROS = 10_000

/**
 * @param {number} share of a core: 0.5 is half a core
 * @param {number} pid of the process
 * @returns {() => void} a function that lifts the limit; call it while the process still runs
 */
export function limitTo(share, pid) {
  if (!existsSync(`${CPU}/cgroup.procs`)) throw new Error(`no control groups at ${CPU}`)
  const group = `${CPU}/passport-nevis-${pid}`
  mkdirSync(group)
  writeFileSync(`${group}/cpu.cfs_period_us`, String(PERIOD_MICROS))
  writeFileSync(`${group}/cpu.cfs_quota_us`, String(Math.round(share * PERIOD_MICROS)))
  writeFileSync(`${group}/cgroup.procs`, String(pid))
  return () => {
    writeFileSync(`${CPU}/cgroup.procs`, String(pid))
    rmdirSync(group)
  }
}
