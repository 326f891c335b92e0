/**
 * What a difference between Nevis's clock and the clock of this machine means. The command `probe` and the checks of the doctor print the same sentence.
 *
 * Out of scope: measuring the difference (`cloud-checks.ts`, `probe/read-only-stage.ts`).
 */
export const CLOCK_EFFECT =
  "sign-ins work, because the strategy reads the times in tokens by the clock of Nevis; but if your processes have different clocks, they judge each other's records wrongly"
