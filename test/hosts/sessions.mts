/** Stands for the session store of the reader's app, in the form that koa-session wants. */
const stored = new Map<string, string>()

export const sessions = {
  get: async (id: string): Promise<unknown> => JSON.parse(stored.get(id) ?? 'null'),
  set: async (id: string, session: unknown): Promise<void> => void stored.set(id, JSON.stringify(session)),
  destroy: async (id: string): Promise<void> => void stored.delete(id),
}
