const passport = require('passport')
const LocalStrategy = require('passport-local')
const { NevisStrategy, push, app: qrCode, sms, recovery } = require('passport-nevis')
const users = require('./users')

passport.use(new LocalStrategy((username, password, cb) => {
  const user = users.findByUsername(username)
  if (!user) return cb(null, false, { message: 'Incorrect username or password.' })
  users.checkPassword(user, password, (err, ok) => {
    if (err) return cb(err)
    if (!ok) return cb(null, false, { message: 'Incorrect username or password.' })
    return cb(null, user)
  })
}))

exports.nevis = new NevisStrategy({
  baseURL: process.env.NEVIS_BASE_URL,
  accessKey: process.env.NEVIS_ACCESS_KEY,
  operation: 'approve-or-enroll', // users without a second factor set one up
  factors: [push(), qrCode(), sms(), recovery()], waitingURL: '/login/2fa',
}, async ({ username }) => users.findByUsername(username))
passport.use(exports.nevis)

passport.serializeUser((user, cb) => {
  cb(null, user.id)
})

passport.deserializeUser((id, cb) => {
  cb(null, users.findById(id))
})

exports.ensureLoggedIn = (req, res, next) => {
  if (req.isAuthenticated()) return next()
  req.session.returnTo = req.originalUrl
  res.redirect('/login')
}
