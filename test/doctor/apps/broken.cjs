/** An app that cannot be loaded. The environment variable FAULT selects the reason. */
const { env, exit } = require('node:process')
const { NevisStrategy, push } = require('passport-nevis')

const ways = {
  throws: () => { throw Object.assign(new Error('c4n4ry: postgres://me:c4n4ry@db'), { code: 'ECONNREFUSED' }) },
  mistake: () => new NevisStrategy({ instance: 'a', accessKey: 'c4n4ry', factors: [push()], waitingURL: 'c4n4ry' }, async () => false),
  escapes: () => { throw new Error(`${env.NEVIS_ACCESS_KEY} \u001b[2J\u001b]0;title\u0007\u009b1A\r\nok           app.loaded`) },
  'escapes in its name': () => { throw Object.assign(new Error('c4n4ry'), { name: 'Error\u001b[2J', code: 'c4n4ry\nok' }) },
  imitates: () => { throw new TypeError(`NevisStrategy: ${env.NEVIS_ACCESS_KEY}`) },
  'imitates in two lines': () => { throw new TypeError(`NevisStrategy: ${env.NEVIS_ACCESS_KEY}\n    at ${require.resolve('passport-nevis')}`) },
  'throws a text': () => { throw `NevisStrategy: ${env.NEVIS_ACCESS_KEY}\u001b[2J` },
  exits: () => exit(3),
  'dies later': () => require('node:timers').setTimeout(() => ways.throws(), 50),
  nothing: () => undefined,
}
ways[env.FAULT]()
