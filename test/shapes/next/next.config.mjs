// The folder of this app, and not one above it that has a lockfile, is the root of the files that are traced.
export default { output: 'standalone', outputFileTracingRoot: import.meta.dirname }
