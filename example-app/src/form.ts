/** When a route refuses a form, stores the form in the session. The next page then shows again what the user typed, with each error. Stores no password. */
import type { Request } from 'express'
import { html, type Html } from './html.js'

declare module 'express-session' {
  interface SessionData {
    form: RefusedForm
  }
}

export interface RefusedForm {
  /** What the user typed, by name of the field. */
  readonly typed: Readonly<Record<string, string>>
  /** Sentences for the user, by name of the field. */
  readonly errors: Readonly<Record<string, string>>
}

/** Input with more characters is cut off before it is stored in the session. No field allows so many characters. */
const MAX_TYPED = 100

/** @param typed the names of the fields to fill in again */
export function refuse(req: Request, typed: readonly string[], errors: RefusedForm['errors']): void {
  req.session.form = { typed: typedIn(req, typed), errors }
}

export function typedIn(req: Request, names: readonly string[]): RefusedForm['typed'] {
  const body = (req.body ?? {}) as Readonly<Record<string, unknown>>
  const entries = names.map((name) => [name, body[name]]).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(entries.map(([name, value]) => [name, value.slice(0, MAX_TYPED)]))
}

/** Returns the refused form and deletes it from the session, so that it is shown only once. */
export function takeForm(req: Request): RefusedForm {
  const { form = { typed: {}, errors: {} } } = req.session
  delete req.session.form
  return form
}

/** A label, an input and, below it, the error of this field. */
export interface Field {
  readonly name: string
  readonly label: string
  /** The other attributes of the input. */
  readonly attributes: Html
  /** A rule for what is typed, shown below the input. */
  readonly rule?: string
  /** The content of the input, if the user has not typed anything yet. */
  readonly value?: string
  /** The `id` of the input. Default: the same as `name`. */
  readonly id?: string
  /** The `id` of an error that stands elsewhere on the page and is about this field too. */
  readonly sharedErrorId?: string | undefined
}

export function field({ typed, errors }: RefusedForm, { name, label, attributes, rule, value, id = name, sharedErrorId }: Field): Html {
  const error = errors[name]
  const descriptions = [sharedErrorId !== undefined && sharedErrorId, error !== undefined && `${id}-error`, rule !== undefined && `${id}-rule`].filter((each) => each !== false)
  return html`<label for="${id}">${label}</label>
          <input id="${id}" name="${name}" value="${typed[name] ?? value ?? ''}" ${attributes}
            ${descriptions.length > 0 && html`aria-describedby="${descriptions.join(' ')}"`} ${sharedErrorId !== undefined && html`aria-invalid="true"`} ${error !== undefined && html`aria-invalid="true" autofocus`}>
          ${error !== undefined && html`<p class="error" id="${id}-error">${error}</p>`}
          ${rule !== undefined && html`<p class="quiet" id="${id}-rule">${rule}</p>`}`
}
