/**
 * The guide `existing-app` has a table of texts to search for. Each text stands in the code below, in which a user is signed in, and the command `init` finds
 * this code, too. So no row of the table can be lost.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderWith, init, removeFolders } from './support'

afterEach(removeFolders)

const route = (code: string) => `app.post('/in', async (req, res, next) => {\n  ${code}\n})`

/** For each row of the table, the texts to search for, each with code that contains it. */
const ROWS: readonly Readonly<Record<string, string>>[] = [
  {
    'passport.authenticate(': "app.post('/in', passport.authenticate('local'))",
    'req.login(': route('req.login(user, next)'),
    'req.logIn(': route('req.logIn(user, next)'),
  },
  {
    'req.login': route('await promisify(req.login).call(req, user)'),
    'req.logIn': route('await promisify(req.logIn).call(req, user)'),
    'promisify(req.logIn)': route('await promisify(req.logIn).call(req, user)'),
    'req.logIn.bind(req)': route('const enter = req.logIn.bind(req)\n  enter(user, next)'),
    'const { login } = req': route('const { login } = req\n  login.call(req, user, next)'),
  },
  {
    "AuthGuard('local')": "@Controller()\nclass Login {\n  @UseGuards(AuthGuard('local'))\n  @Post('in')\n  enter() {}\n}",
    "extends AuthGuard('local')": "class LocalGuard extends AuthGuard('local') {}",
    'super.logIn': "class LocalGuard extends AuthGuard('local') {\n  async canActivate(context) {\n    await super.logIn(context.switchToHttp().getRequest())\n    return true\n  }\n}",
  },
  {
    "authenticate('remember-me')": "app.use(passport.authenticate('remember-me'))",
    'req.login': 'app.use(function rememberMe(req, res, next) {\n  req.login(userOf(req.cookies), next)\n})',
  },
  {
    'req.user =': route('req.user = user\n  next()'),
    "req['user'] =": route("req['user'] = user\n  next()"),
    'Object.assign(req, { user': route('Object.assign(req, { user })\n  next()'),
  },
  {
    'req.session.userId =': route('req.session.userId = user.id\n  next()'),
    'req.session.user =': route('req.session.user = user\n  next()'),
  },
  {
    'jwt.sign(': route('res.json({ token: jwt.sign({ sub: user.id }, secret) })'),
    'signAsync(': route('res.json({ token: await this.jwtService.signAsync({ sub: user.id }) })'),
    SignJWT: route("res.json({ token: await new SignJWT({ sub: user.id }).setProtectedHeader({ alg: 'HS256' }).sign(secret) })"),
    "authenticate('bearer')": "app.get('/api', passport.authenticate('bearer'), list)",
    "authenticate('jwt')": "app.get('/api', passport.authenticate('jwt'), list)",
  },
]

describe('the guide existing-app', () => {
  it('lists the texts of all kinds of sign-ins', () => {
    const guide = readFileSync(join(__dirname, '../../../docs/guides/existing-app.md'), 'utf8')
    const [, table = ''] = /^\| search for \|.*\n\|---.*\n((?:\|.*\n)+)/m.exec(guide) ?? []
    const rows = table.trim().split('\n').map((row) => [...(row.split(' | ')[0] as string).matchAll(/`([^`]+)`/g)].map(([, text]) => text as string))
    expect(rows.map((texts) => texts.filter((text) => text !== '('))).toEqual(ROWS.map((texts) => Object.keys(texts)))
  })

  it.each(ROWS.flatMap((texts) => Object.entries(texts)))('%s › is in code that signs users in, which init finds', (text, code) => {
    const app = `import passport from 'passport'\n${code}\n`
    expect(app).toContain(text)
    const line = app.slice(0, app.indexOf(text)).split('\n').length
    expect(init(folderWith({ 'app.ts': app })).out).toMatch(new RegExp(`^[12] places? signs? users? in.*\\n(?:\\n|  .*\\n)*  [A-Z]+ +app\\.ts:${line} `))
  })
})
