/**
 * The cURL commands of Nevis's documents, exactly as printed, each with the printed answer. The answers are changed where they would not be JSON, or no answer of
 * Nevis: a comma after the last field is left out; in place of the authenticators, which the documents print as three dots, there is a text of three dots; and
 * `dataUri` begins with `data:image/png;base64,`, which the text that we have has lost.
 *
 * Left out, because the text of the documents that we have is incomplete: the commands of "Approval with push" and "with QR code", and the command
 * `curl "https://$"`, whose address is cut off. `documents.test.ts` compares the answers to the commands with push and with QR code.
 *
 * Sources: https://docs.nevis.net/apidoc/authcloud/ (older, "O"), https://docs.nevis.net/authcloud/api-doc/ (newer, "N").
 */

/** The error answers of the documents. In a printed answer, three dots and a comma after the last field stand for text that the documents leave out. */
export const ERRORS = {
  forbidden: '{ "error": "Forbidden", "path": "/api/v1/users/enroll", "status": 403, "timestamp": 1600863157593 }',
  notJson: '{ "error": "Bad Request", "message": "Required request body ...", "path": "/api/v1/users/enroll", "status": 400, "timestamp": "2020-09-23T12:13:45Z" }',
  invalid: `{ "error": "Bad Request", "message": "The username '%%%%%' contains invalid characters ...", "path": "/api/v1/users/enroll", "status": 400, "timestamp": "2020-09-23T12:15:23Z" }`,
}

const ENROLLMENT = `"enrollment": {
    "transactionId": "67cae36e-e3d5-4d67-9aa6-ab7ae3050576",
    "statusToken": "eyJhbGciO...PxOZZYow",
    "qrCode": {
      "type": "image/png",
      "size": 300,
      "dataUri": "data:image/png;base64,...YII"
    },
    "appLinkUri": "https://{instance}.mauth.nevis.cloud/open?dispatchTokenResponse=eyJub...IxIn0"
  }`
const NEW_USER = `"status": "new",
  "createdAt": "2020-10-09T12:13:11.845958Z",
  "updatedAt": "2020-10-09T12:13:11.845958Z",
  "authenticators": [],`
const statusAnswer = (status: string) => `{
  "transactionId": "b7d44592-91f3-4f4b-9e37-202a3061edc3",
  "status": "${status}",
  "userId": "7e16ba00-92e2-4fcb-b30e-1af8fdc843aa",
  "token": "eyJhb...Fl9bpEXGGw",
  "createdAt": "2020-10-09T12:52:48Z",
  "lastUpdatedAt": "2020-10-09T12:52:48Z"
}`
const AUTHENTICATOR = `{
  "authenticatorId": "f3ef70fc-9231-48f8-8e81-8eef7826d594",
  "name": "Personal Phone",
  "type": "ios",
  "enrolledAt": "2020-10-09T08:44:36Z",
  "updatedAt": "2020-10-09T08:44:36Z"
}`
const USER = `{
  "userId": "7e16ba00-92e2-4fcb-b30e-1af8fdc843aa",
  "username": "u12345",
  "status": "active",
  "createdAt": "2020-06-16T16:42:44Z",
  "updatedAt": "2020-06-16T16:42:44Z",
  "authenticators": ["..."]
}`
const TOKEN = '{ "token":"eyJhb...ZgP_8NBw" }'

const STATUS_COMMAND = String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/status" \
  -XPOST \
  -H 'Content-Type: application/json' \
  -d "{ \"statusToken\": \"$statusToken\" }"`
const INTROSPECT_COMMAND = String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/introspect" \
  -XPOST \
  -H "Authorization: Bearer $access_key" \
  --data-urlencode "token=$token"`

export interface Sample {
  /** the heading in the documents */
  readonly title: string
  readonly command: string
  readonly status: number
  /** the printed answer: JSON, or the text itself; empty if the documents print the status line alone */
  readonly answer: string
  /** what has happened before: who has answered, and which token the variable of the command holds */
  readonly state?: 'approved' | 'denied' | 'no such token' | 'token of the access key' | 'new code by SMS'
}

export const SAMPLES: readonly Sample[] = [
  { title: 'Endpoint (O)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/ping" \
  -H "Authorization: Bearer $access_key"`, status: 200, answer: 'PONG' },
  { title: 'Enroll your Access App (O)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/users/enroll" \
  -XPOST \
  -H "Authorization: Bearer $access_key" \
  -H 'Content-Type: application/json' \
  -d '{}'`, status: 201, answer: `{ "userId": "7e16ba00-92e2-4fcb-b30e-1af8fdc843aa", ${NEW_USER} ${ENROLLMENT} }` },
  { title: 'Enroll with a username for two-way linking (O)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/users/enroll" \
  -XPOST \
  -H "Authorization: Bearer $access_key" \
  -H 'Content-Type: application/json' \
  -d '{ "username": "u12345" }'`, status: 201, answer: `{ "userId": "7e16ba00-92e2-4fcb-b30e-1af8fdc843aa", "username": "u12345", ${NEW_USER} ${ENROLLMENT} }` },
  { title: 'Request an SMS code for authentication (O)', command: String.raw`curl -v -X POST https://$instance.mauth.nevis.cloud/api/v1/approval \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $access_key" \
  -d "{ \"username\":\"$username\", \"channel\":\"sms\", \"message\":\"SMS Transaction Approval Test, code: {{CODE}}\" }"`, status: 201, answer: `{
    "statusToken": "eyJhbGciOiJIUzUxMiJ9.eyJhd...hInHRfSw",
    "transactionId": "d9db4760-...-5cbe533389e3",
    "userId": "7a342fb4-...-bb837ed32d9d"
}` },
  { title: 'Verify the code (O)', state: 'new code by SMS', command: String.raw`curl -v -X POST https://$instance.mauth.nevis.cloud/api/v1/users/$userId/verification \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $access_key" \
  -d "{ \"code\":\"$code\", \"statusToken\":\"$statusToken\" }"`, status: 200, answer: '' },
  { title: 'Authenticate with recovery codes (O)', command: String.raw`curl -v https://$instance.mauth.nevis.cloud/api/v1/users/$userId/verification \
    -H "Content-Type: application/json" \
    -H "Authorization: Bearer $access_key" \
    -d "{ \"code\":\"$code\", \"channel\":\"recovery\" }"`, status: 200, answer: '' },
  { title: 'Status polling: pending (O)', command: STATUS_COMMAND, status: 200, answer: statusAnswer('pending') },
  { title: 'Status polling: succeeded (O)', state: 'approved', command: STATUS_COMMAND, status: 200, answer: statusAnswer('succeeded') },
  { title: 'Status polling: failed (O)', state: 'denied', command: STATUS_COMMAND, status: 412, answer: statusAnswer('failed') },
  { title: 'Status polling: not known (O)', state: 'no such token', command: STATUS_COMMAND, status: 404, answer: '{ "status": "unknown" }' },
  { title: 'Checking token validity: an access key (O)', state: 'token of the access key', command: INTROSPECT_COMMAND, status: 200, answer: `{
    "active": true,
    "exp": 1613572626000,
    "iat": 1610980626000,
    "sub": "100",
    "aud": "api",
    "iss": "https://{instance}.mauth.nevis.cloud/"
}` },
  { title: 'Checking token validity: an invalid token (O)', state: 'no such token', command: INTROSPECT_COMMAND, status: 200, answer: '{ "active": false }' },
  { title: 'Get user by userId (O)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/users/$userId" \
  -H "Authorization: Bearer $access_key"`, status: 200, answer: USER },
  { title: 'Get user by username (O)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/users?username=$username" \
  -H "Authorization: Bearer $access_key"`, status: 200, answer: USER },
  { title: 'Change authenticator name (O)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/authenticators/$authenticator_id" \
  -X PATCH \
  -H "Authorization: Bearer $access_key" \
  -H 'Content-Type: application/json' \
  -d '{ "name": "Personal Phone" }'`, status: 200, answer: AUTHENTICATOR },
  { title: 'Delete an authenticator (O)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/authenticators/$authenticator_id" \
  -X DELETE \
  -H "Authorization: Bearer $access_key"`, status: 204, answer: '' },
  { title: 'Delete a user (O)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/users/$userId" \
  -X DELETE \
  -H "Authorization: Bearer $access_key"`, status: 204, answer: '' },
  { title: 'Requesting an intent token (O)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/intent" \
  -XPOST \
  -H "Authorization: Bearer $access_key" \
  -H 'Content-Type: application/json' \
  -d "{ \"username\":\"u12345\",\"operation\":\"enroll\" }"`, status: 200, answer: TOKEN },
  { title: 'Request an intent token (N)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/intent" \
-XPOST \
-H "Authorization: Bearer $access_key" \
-H 'Content-Type: application/json' \
-H 'Accept: application/json' \
-d "{ \"username\":\"$username\",
\"operation\":\"enroll\" }"`, status: 200, answer: TOKEN },
  { title: 'Request an intent token with channels (N)', command: String.raw`curl "https://$instance.mauth.nevis.cloud/api/v1/intent" \
-XPOST \
-H "Authorization: Bearer $access_key" \
-H 'Content-Type: application/json' \
-H 'Accept: application/json' \
-d "{ \"username\":\"$username\",
\"operation\":\"approve\",
\"channels\": [\"push\",\"sms\"] }"`, status: 200, answer: TOKEN },
]
