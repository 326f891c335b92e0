// sessions.mjs
/** Stands for your session store, such as a Redis or a database. */
const stored = new Map()

export const sessions = {
  get: async (id) => JSON.parse(stored.get(id) ?? 'null'),
  set: async (id, session) => void stored.set(id, JSON.stringify(session)),
  destroy: async (id) => void stored.delete(id),
}
