/**
 * "Your devices": what somebody confirms with, to rename, remove and add; all of it after a fresh second factor.
 *
 * The last device stays: without it only weaker ways are left, or none, and Nevis may show its owner as somebody new, to whom a
 * first factor is given for the password alone. Whoever has lost it signs in by SMS or with a recovery code, sets up the new
 * one here, and then removes the lost one.
 */
import { Router } from 'express'
import { NevisClient, ownAuthenticator, requireSecondFactor } from 'passport-nevis'
import { notFound, page, signedIn } from './pages.js'
import { devicesPage } from './views/devices.js'

const HERE = '/account/devices'
const NAME = /^[\p{L}\p{M}\p{N}\p{P} ]{1,40}$/u

/** @param cloud as for the strategy */
export function devices({ cloud, passport, users }) {
  const nevis = new NevisClient(cloud)
  /** Whose devices are being removed just now. One process only: several need a lock in the database. */
  const removing = new Set()
  const routes = Router()
  routes.use(signedIn, requireSecondFactor({ maxAgeSeconds: 300, redirectTo: '/step-up' }))

  routes.get('/', page(devicesPage, async ({ user }) => {
    const [{ authenticators }, added] = await Promise.all([nevis.getUser(user.nevisUserId), users.addedBy(user.id)])
    return { devices: authenticators, added }
  }))

  // Goes to the waiting page, and comes back by way of the callback.
  routes.post('/add', passport.authorize('nevis', {
    operation: 'enroll',
    data: { returnTo: HERE },
    failureRedirect: HERE,
    failureMessage: true,
  }))

  routes.post('/rename', async (req, res) => {
    const device = await ownAuthenticator(nevis, subjectOf(req), req.body.authenticatorId)
    if (!device) return notFound(req, res)
    const name = String(req.body.name).trim()
    const isName = NAME.test(name)
    if (isName) await nevis.renameAuthenticator(device.authenticatorId, name)
    back(req, res, isName ? `The device is called ${name} now.` : 'A name has 1 to 40 letters, digits and punctuation marks.')
  })

  routes.post('/remove', async (req, res) => {
    const { nevisUserId } = req.user
    // Two at the same moment would each take the other one for the last.
    if (removing.has(nevisUserId)) return back(req, res, 'Another device is being removed. Try again.')
    removing.add(nevisUserId)
    try {
      const device = await ownAuthenticator(nevis, subjectOf(req), req.body.authenticatorId)
      if (!device) return notFound(req, res)
      const { authenticators } = await nevis.getUser(nevisUserId)
      const isLast = authenticators.length === 1
      if (!isLast) await nevis.deleteAuthenticator(device.authenticatorId)
      back(req, res, isLast ? 'Your only device stays. Set up another one first.' : 'The device is removed.')
    } finally {
      removing.delete(nevisUserId)
    }
  })
  return routes
}

function subjectOf({ user }) {
  return { userId: user.nevisUserId }
}

function back(req, res, message) {
  req.session.messages = [message]
  res.redirect(303, HERE)
}
