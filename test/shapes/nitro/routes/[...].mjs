// Every path that Nitro does not serve itself belongs to an Express app.
import { fromNodeMiddleware } from 'h3'
import { app } from '../site.mjs'

export default fromNodeMiddleware(app)
