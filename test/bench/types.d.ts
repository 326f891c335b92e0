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
    /** Session data of the apps that sign in without this package: the pending approval, the transaction token that Nevis gives for it, and the signed-in user. */
    pending: { transactionId: string; userId: string; statusToken: string }
    token: string
    user: string
  }
}
