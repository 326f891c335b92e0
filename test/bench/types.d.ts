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
    /** passport-nevis's own state. */
    nevis: { transactions: Record<string, object> }
    /** In the apps by hand: the approval under way, the token that was seen, and who is signed in. */
    pending: { transactionId: string; userId: string; statusToken: string }
    token: string
    user: string
  }
}
