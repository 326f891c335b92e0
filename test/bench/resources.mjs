// @ts-check
// Reads from Linux's /proc what a process and its children have used, and what they may use.
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const PAGE_BYTES = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }))

/**
 * The fields of /proc/PID/stat after the name of the program: the first of them is field 3 in proc(5).
 * @param {number} pid
 */
function fieldsOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** @param {number} pid @returns {number[]} */
function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number))
}

/**
 * CPU time of a process and its children in microseconds, also of children that have ended.
 * @param {number} pid
 * @returns {number}
 */
export function microsOf(pid) {
  const [user, system, endedUser, endedSystem] = fieldsOf(pid).slice(11, 15).map(Number)
  const own = ((Number(user) + Number(system) + Number(endedUser) + Number(endedSystem)) / TICKS_PER_SECOND) * 1e6
  return childrenOf(pid).reduce((sum, child) => sum + microsOf(child), own)
}

/**
 * Resident memory of a process and its children in bytes.
 * @param {number} pid
 * @returns {number}
 */
export function residentOf(pid) {
  return childrenOf(pid).reduce((sum, child) => sum + residentOf(child), Number(fieldsOf(pid)[21]) * PAGE_BYTES)
}

/** How many files a process of this user may open. */
export function openFilesLimit() {
  const [, hard] = /^Max open files +\d+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return Number(hard)
}
