/** A key and a self-signed certificate for tests. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  readonly key: Buffer
  readonly cert: Buffer
  /** The certificate as a file, for `NODE_EXTRA_CA_CERTS`. */
  readonly certFile: string
  remove(): void
}

/** @param subject such as `DNS:nevis.test,IP:0.0.0.0` */
export function certificateFor(subject: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=passport-nevis test', '-addext', `subjectAltName=${subject}`, '-days', '2', '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
  return { key: readFileSync(keyFile), cert: readFileSync(certFile), certFile, remove: () => rmSync(folder, { recursive: true }) }
}
