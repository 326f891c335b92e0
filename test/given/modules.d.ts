/** Modules that the snippets of the documents import and that are not installed here: `npm run shapes` builds apps with them. */
declare module 'h3' {
  export function fromNodeMiddleware(handler: (req: never, res: never) => unknown): unknown
}
