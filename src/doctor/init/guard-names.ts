/**
 * Recognises the usual names of login guards: middleware that lets only signed-in users through.
 *
 * Out of scope: where the guards stand (`login-guards.ts`).
 */

/**
 * Matches names such as `ensureLoggedIn`, `requireAuth` and `authenticateUser`. The whole name must match, because `requireField` and `checkUsername` are no
 * login guards.
 */
const GUARD = /^(?:(?:ensure|requires?|is|check|must_?(?:be)?)(?:_?(?:is|log(?:ged)?_?in|auth(?:ed|enticat(?:ed|ion)|ori[sz](?:ed|ation))?|sign(?:ed)?_?in|users?|session|middleware))+|authenticated?(?:_?(?:users?|session|middleware))*)$/i
/** Only a name of at most this length is compared with the regular expression `GUARD`, which would take minutes for a name of many thousand letters. */
const MAX_NAME = 100

export const isGuardName = (name: string): boolean => name.length <= MAX_NAME && GUARD.test(name)
