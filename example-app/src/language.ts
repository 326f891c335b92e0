/**
 * The language of a request: what the user has chosen (a cookie), else what the browser prefers. Out of scope: the translations
 * (`german.ts`).
 */
import type { Request, RequestHandler, Response } from 'express'
import { german, type Text } from './german.js'

export type Language = 'en' | 'de'

/** A text in the language of the page, with its `{names}` replaced by values. */
export type Translate = (text: Text, values?: Readonly<Record<string, string | number>>) => string

const NAME = 'language'
const YEAR_MS = 365 * 24 * 60 * 60 * 1000

export function languageOf(req: Request): Language {
  const chosen = /(?:^|; )language=(en|de)(?:;|$)/.exec(req.headers.cookie ?? '')?.[1]
  return (chosen ?? req.acceptsLanguages('en', 'de') ?? 'en') === 'de' ? 'de' : 'en'
}

export function translator(language: Language): Translate {
  return (text, values = {}) => (language === 'de' ? german[text] : text).replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all))
}

/** Returns the function that translates texts into the language of the request. */
export const textsFor = (req: Request): Translate => translator(languageOf(req))

/**
 * A path of this site, with a query. The second character must be a letter, because a browser reads `//` or `/\` as the start of another site's address: an
 * attacker's link could lead to another site (open redirect).
 */
const OWN_PAGE = /^\/[a-z][\w/?=&%.+-]*$/

/** `GET /language/de?from=/help`: keeps the choice in a cookie and goes back to the page. */
export const chooseLanguage: RequestHandler = (req, res) => {
  keep(req, res, req.params['language'] === 'de' ? 'de' : 'en')
  const { from } = req.query
  res.redirect(303, typeof from === 'string' && OWN_PAGE.test(from) ? from : '/')
}

/** Keeps the language that the user has chosen on the waiting page, whose links name it in the query. The app's own pages then have this language, too. */
export const keepLanguage: RequestHandler = (req, res, next) => {
  const { language } = req.query
  if ((language === 'en' || language === 'de') && language !== languageOf(req)) keep(req, res, language)
  next()
}

function keep(req: Request, res: Response, language: Language): void {
  res.cookie(NAME, language, { httpOnly: true, sameSite: 'lax', secure: req.secure, maxAge: YEAR_MS })
}
