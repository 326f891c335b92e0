/**
 * Decides which names of fields the report of the probe may show. A response may use data as names of fields, for example `{ "anna": { … } }` or
 * `{ "+41791234567": { … } }`, and data must not be in the report. The look of a name does not tell whether it is data: a username may be any word. So the
 * report shows only names that consist of the words in `WORDS`.
 *
 * Out of scope: the values of fields (`shape.ts`).
 */

/**
 * Words of the field names in Nevis's documentation, and words that are usual in field names of HTTP APIs. None is usual as the name of a person or of an
 * account. But the report would show a username that is one of these words, or consists of them.
 */
const WORDS = new Set(
  `access accepted account action active activated added address agent alg allowed android api app application approval approved at attempt attempts
  attestation attribute attributes aud audience auth authenticated authentication authenticator authenticators authorization azp base64 blocked body browser
  by cancelled category cause challenge channel channels claim claims client code codes completed confirmation confirmed content context correlation count
  country created creation credential credentials current data date deep default deleted delivery denied description detail details device devices disabled
  display duration email enabled encoded end ended enroll enrolled enrollment enrolment entries entry error errors event events exceeded exception exp
  expected expired expires expiration expiry failed failure fallback fido fido2 field fields first for format friendly from full group groups handle has
  hash header headers hint host href http iat icon id ids image in instance intent invalid ios is iss issued issuer item items jti key keys kind label
  labels language last length level lifetime limit limits link links list locale location locked login masked message messages meta metadata method mfa
  mobile model name names nbf new nonce not notification number object of old on op operation option options os param params path payload pending
  permissions phone phones platform policy preferred prefix problem profile prompt public push qr rate raw reason received recovery redirect ref reference
  region registered registration rejected remaining request requests resource response result results retry revoked role roles scheme scope scopes seconds
  sent session signature size sms start started state status sub succeeded success suffix svg tag tags tenant text time timeout times timestamp title to
  token tokens total trace transaction transactions type types uaf unknown until updated uri uris url urls used user username users uuid valid validity
  value values verification verified version violations widget with zone`.split(/\s+/),
)

/** Splits `userId`, `user_id`, `user-id` and `userID` into `user` and `id`. */
const BETWEEN_WORDS = /[_-]|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/

/** True if the report may show this name of a field: it consists of words in `WORDS`. */
export function isFieldName(name: string): boolean {
  const words = name.split(BETWEEN_WORDS).filter((word) => word !== '')
  return words.length > 0 && words.every((word) => WORDS.has(word.toLowerCase()))
}
