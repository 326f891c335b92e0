// Make this folder the root for tracing files. Otherwise Next.js takes a folder above it that has a lockfile.
export default { output: 'standalone', outputFileTracingRoot: import.meta.dirname }
