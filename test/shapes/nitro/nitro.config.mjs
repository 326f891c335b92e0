import { defineNitroConfig } from 'nitropack/config'

export default defineNitroConfig({
  compatibilityDate: '2026-11-01',
  preset: 'node-server',
  srcDir: '.',
  exportConditions: ['module-sync'], // on Node 20, Nitro leaves out the files that Node loads by this condition: nitrojs/nitro#4468
})
