// Everything under /api is an Express app: sign-in, waiting page, callback and guarded routes.
import express from 'express'
import { app } from '../../site.mjs'

export default express().use('/api', app)

// Express reads the body itself, and answers itself.
export const config = { api: { bodyParser: false, externalResolver: true } }
