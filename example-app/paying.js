/** The routes of the invoices: the list, paying one, its receipt. Not its job: the table (`invoices.js`). */
import { Router } from 'express'
import { notFound, page } from './pages.js'
import { invoicesPage } from './views/invoices.js'
import { receiptPage } from './views/receipt.js'

/**
 * @param confirm what a payment has to pass; it pays by itself, later, with `paySigned`. Nothing comes after it here:
 * whoever brings an approval of something else to this address must not pay what the address names.
 */
export function invoiceRoutes(invoices, { confirm }) {
  const routes = Router()
  routes.param('id', async (req, res, next, id) => {
    req.invoice = await invoices.find(req.user.id, id)
    if (req.invoice) next()
    else notFound(req, res)
  })
  routes.get('/', page(invoicesPage, async ({ user }) => ({ invoices: await invoices.of(user.id) })))
  routes.post('/:id/pay', stillOpen, confirm ?? ((req, res) => pay(invoices, req, res, req.invoice)))
  routes.get('/:id/receipt', (req, res, next) => (req.invoice.paidAt ? next() : notFound(req, res)), page(receiptPage, ({ invoice }) => ({ invoice })))
  return routes
}

/** For the callback: pays what the phone has shown, whatever the browser sends. */
export function paySigned(invoices) {
  return (req, res, next) => {
    const { data, transactionId } = req.authInfo.nevis
    if (data?.kind === 'payment') return pay(invoices, req, res, { ...data, transactionId })
    next()
  }
}

async function pay(invoices, req, res, payment) {
  if (await invoices.pay(req.user.id, payment)) return res.redirect(303, `/invoices/${payment.id}/receipt`)
  req.session.messages = ['Nothing was paid: the invoice has changed, or was paid before.']
  res.redirect(303, '/invoices')
}

function stillOpen(req, res, next) {
  if (req.invoice.paidAt) res.redirect(303, `/invoices/${req.invoice.id}/receipt`)
  else next()
}
