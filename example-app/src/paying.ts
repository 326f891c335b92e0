/** The routes that list the invoices, pay an invoice and show its receipt. Out of scope: storing the invoices (`invoices.ts`). */
import { Router, type Request, type RequestHandler, type Response } from 'express'
import type {} from 'passport-nevis' // types `req.authInfo`
import type { Text } from './german.js'
import type { Bill, Invoice, Invoices } from './invoices.js'
import { textsFor } from './language.js'
import { notFound, page, userOf } from './pages.js'
import type { Outcome } from './views/error.js'
import { invoicesPage } from './views/invoices.js'
import { receiptPage } from './views/receipt.js'

declare global {
  namespace Express {
    interface Request {
      /** Set in routes with `:id`: the invoice with this id, which belongs to the user. */
      invoice?: Invoice
    }
  }
}

/** What the user pays. The app passes this payment to the strategy in the option `data`. The callback route finds it in `req.authInfo.nevis`. */
export interface SignedPayment extends Bill {
  readonly kind: 'payment'
}

/** The functions by which a user approves a payment. An app without `confirm` pays an invoice without an approval. */
export interface PaymentApproval {
  /**
   * The middleware that starts the approval of a payment. The payment is carried out later, in the callback, by `paySigned`. No handler follows
   * `confirm` in the route. Such a handler would pay the invoice in the URL of the request, and a user could send an approval of something else to this URL.
   */
  readonly confirm: RequestHandler
  /** Resolves to false if the user has no device that can show a payment. */
  readonly canConfirm: (req: Request) => Promise<boolean>
}

export function invoiceRoutes(invoices: Invoices, { confirm, canConfirm = () => Promise.resolve(true) }: Partial<PaymentApproval>): Router {
  const routes = Router()
  routes.param('id', async (req, res, next, id: string) => {
    const invoice = await invoices.find(userOf(req).id, id)
    if (!invoice) return void notFound(req, res, next)
    req.invoice = invoice
    next()
  })
  routes.get('/', page(invoicesPage, async (req) => {
    const [own, canPay] = await Promise.all([invoices.of(userOf(req).id), canConfirm(req)])
    // `unpaid` is set after a failed payment, but only for an invoice that is still open: the payment may have succeeded in another tab.
    return { invoices: own, canPay, unpaid: own.find(({ id, paidAt }) => String(id) === req.query['unpaid'] && !paidAt) }
  }))
  /** Redirects a user who cannot approve a payment to the list of the invoices, which says what to set up. */
  const onlyIfPossible: RequestHandler = async (req, res, next) => ((await canConfirm(req)) ? next() : res.redirect(303, '/invoices'))
  routes.post('/:id/pay', stillOpen, onlyIfPossible, confirm ?? ((req, res) => pay(invoices, req, res, invoiceOf(req))))
  routes.get('/:id/pay', stillOpen, (_req, res) => res.redirect(303, '/invoices')) // for a user who opens the address of an error page again
  routes.get('/:id/receipt', isPaid, page(receiptPage, (req) => ({ invoice: invoiceOf(req) })))
  return routes
}

/** For the callback: pays the invoice that the phone has shown, and ignores the fields that the browser sends. */
export function paySigned(invoices: Invoices): RequestHandler {
  return (req, res, next) => {
    const { data, transactionId } = req.authInfo?.nevis ?? {}
    if (isPayment(data)) return pay(invoices, req, res, { ...data, transactionId: transactionId ?? null })
    return next()
  }
}

/** If this request ends with an error page: sets what that page says about the payment. The button of the page then leads to the invoices. */
export function sayOutcome(res: Response, sentences: readonly Text[]): void {
  res.locals['outcome'] = { sentences, href: '/invoices', button: 'All invoices' } satisfies Outcome
}

export function invoiceOf(req: Request): Invoice {
  if (req.invoice === undefined) throw new Error('This route needs an id')
  return req.invoice
}

/**
 * True if the user has approved a payment, not a sign-in or a step-up: only the route options `signing` (`second-factor.ts`) set `kind: 'payment'`. The values
 * of `data` need no further check, because the strategy refuses data that was changed in the session.
 */
export function isPayment(data: unknown): data is SignedPayment {
  return (data as Partial<SignedPayment> | null | undefined)?.kind === 'payment'
}

async function pay(invoices: Invoices, req: Request, res: Response, payment: Bill & { readonly transactionId?: string | null }): Promise<void> {
  sayOutcome(res, ['Your invoices show whether this payment was made. Look there before you pay again.'])
  if (await invoices.pay(userOf(req).id, payment)) return res.redirect(303, `/invoices/${payment.id}/receipt`)
  req.session.messages = [textsFor(req)('Nothing was paid: the invoice has changed, or was paid before.')]
  res.redirect(303, '/invoices')
}

const stillOpen: RequestHandler = (req, res, next) => {
  const { id, paidAt } = invoiceOf(req)
  if (paidAt) res.redirect(303, `/invoices/${id}/receipt`)
  else next()
}

const isPaid: RequestHandler = (req, res, next) => (invoiceOf(req).paidAt ? next() : notFound(req, res, next))
