const passport = require('passport')
const LocalStrategy = require('passport-local')
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
