/** Certificates and keys for tests: a self-signed certificate, and a company's own CA with a server's certificate. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  readonly key: Buffer
  readonly cert: Buffer
  /** The file of the certificate, for `NODE_EXTRA_CA_CERTS`. */
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

export interface PrivateCA {
  /** The certificate of the root CA, and the file of this certificate. */
  readonly root: Buffer
  readonly rootFile: string
  readonly intermediate: Buffer
  /** The server's key, and its certificate, which the intermediate CA has signed. */
  readonly key: Buffer
  readonly leaf: Buffer
  remove(): void
}

/** Creates a company's own CA: a root, an intermediate CA that the root has signed, and a server's certificate. @param subject such as `IP:0.0.0.0` */
export function privateCA(subject: string): PrivateCA {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-'))
  const file = (name: string) => join(folder, name)
  const make = (name: string, extensions: string[], issuer?: string) => {
    const signed = issuer === undefined ? [] : ['-CA', file(`${issuer}.pem`), '-CAkey', file(`${issuer}.key`)]
    execFileSync('openssl', ['req', '-x509', ...signed, '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`, ...extensions.flatMap((one) => ['-addext', one]), '-days', '2', '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)], { stdio: 'ignore' })
    return readFileSync(file(`${name}.pem`))
  }
  const isCA = ['keyUsage=critical,keyCertSign']
  const root = make('root', isCA)
  const intermediate = make('intermediate', isCA, 'root')
  const leaf = make('leaf', [`subjectAltName=${subject}`, 'basicConstraints=critical,CA:FALSE'], 'intermediate')
  return { root, rootFile: file('root.pem'), intermediate, key: readFileSync(file('leaf.key')), leaf, remove: () => rmSync(folder, { recursive: true }) }
}
