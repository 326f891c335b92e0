// Everything under /api is an Express app: sign-in, waiting page, callback and guarded routes.
import express from 'express'
import { app } from '../../site.mjs'

export default express().use('/api', app)

// Next.js must not read the body (`bodyParser`), because Express reads it. `externalResolver` tells Next.js that Express sends the response.
export const config = { api: { bodyParser: false, externalResolver: true } }
