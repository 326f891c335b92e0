/** A module of the app. */
import type { Express } from 'express'
declare const app: Express
export = app
