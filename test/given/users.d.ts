/** A module of the app. */
declare const users: any
export = users
