const app = require('./app')
const db = require('./db')

const server = app.listen(process.env.PORT || 3000, () => {
  console.log('Notes is listening on http://localhost:' + server.address().port)
})

process.on('SIGTERM', () => {
  db.close()
  process.exit(0)
})
