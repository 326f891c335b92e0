const path = require('path')
const express = require('express')
const session = require('express-session')
const csrf = require('csurf')
const passport = require('passport')
const SqliteStore = require('./session-store')
require('./auth')

const app = express()

app.set('views', path.join(__dirname, 'views'))
app.set('view engine', 'ejs')

app.use(express.json())
app.use(express.urlencoded({ extended: false }))
app.use(session({
  secret: process.env.SESSION_SECRET || 'keyboard cat',
  resave: false,
  saveUninitialized: false,
  store: new SqliteStore(),
  cookie: { maxAge: 24 * 60 * 60 * 1000 },
}))
app.use(csrf())
app.use(passport.initialize())
app.use(passport.session())
app.use((req, res, next) => {
  res.locals.user = req.user
  res.locals.csrfToken = req.csrfToken()
  // A function, because reading the messages deletes them: only a page that shows them may call it.
  res.locals.takeMessages = () => (req.session.messages || []).splice(0)
  next()
})

app.use('/', require('./routes/auth'))
app.use('/', require('./routes/notes'))
app.use('/account', require('./routes/account'))

app.use((req, res) => {
  res.status(404).render('error', { message: 'Page not found' })
})

app.use((err, req, res, next) => {
  console.error(err.stack)
  if (res.headersSent) return next(err)
  res.status(err.status || 500).render('error', { message: err.message })
})

module.exports = app
