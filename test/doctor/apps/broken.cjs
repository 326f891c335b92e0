/** An app that cannot be loaded, in the way that FAULT says. */
const { env, exit } = require('node:process')
const { NevisStrategy, push } = require('passport-nevis')

const ways = {
  throws: () => { throw Object.assign(new Error('c4n4ry: postgres://me:c4n4ry@db'), { code: 'ECONNREFUSED' }) },
  mistake: () => new NevisStrategy({ instance: 'a', accessKey: 'c4n4ry', factors: [push()], waitingURL: 'c4n4ry' }, async () => false),
  exits: () => exit(3),
  nothing: () => undefined,
}
ways[env.FAULT]()
