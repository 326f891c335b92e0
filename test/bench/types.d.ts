/** The types of the users and sessions in the benchmark's apps. */
import 'express-session'

declare global {
  namespace Express {
    interface User {
      id?: string
      nevisUserId?: string
      username?: string | undefined
    }
  }
}

declare module 'express-session' {
  interface SessionData {
    /** The state of passport-nevis in the session. */
    nevis: { transactions: Record<string, object> }
    /** Of the apps written by hand: the approval under way, the token of its status answer, and the signed-in user. */
    pending: { transactionId: string; userId: string; statusToken: string }
    token: string
    user: string
  }
}
