// Next.js copies the files that the app needs into its output, with their paths below a root folder. Make this folder the root. Otherwise Next.js takes a
// folder above it that has a lockfile, and the files get other paths in the output.
export default { output: 'standalone', outputFileTracingRoot: import.meta.dirname }
