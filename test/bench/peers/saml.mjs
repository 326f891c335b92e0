// Measures @node-saml/passport-saml: a login is the redirect with a SAML request, then the check of a signed response. No server is called, and the response is
// signed only once, before the measured logins.
import { createRequire } from 'node:module'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, Session } from '../contestants/shared.mjs'

const require = createRequire(import.meta.url)
const { Strategy } = require('@node-saml/passport-saml')
const { SignedXml } = require('xml-crypto')

function newKey() {
  const folder = mkdtempSync(join(tmpdir(), 'passport-nevis-bench-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  try {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=idp', '-days', '2', '-keyout', key, '-out', certificate], { stdio: 'ignore' })
    return { privateKey: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function signedResponse({ privateKey }) {
  const at = (seconds) => new Date(Date.now() + seconds * 1000).toISOString()
  const xml = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0" IssueInstant="${at(0)}" Destination="http://app.example/callback"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">idp</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a" Version="2.0" IssueInstant="${at(0)}"><saml:Issuer>idp</saml:Issuer><saml:Subject><saml:NameID>person</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${at(3600)}" Recipient="http://app.example/callback"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${at(-60)}" NotOnOrAfter="${at(3600)}"><saml:AudienceRestriction><saml:Audience>app</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${at(0)}" SessionIndex="_s"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement></saml:Assertion></samlp:Response>`
  const signature = new SignedXml({ privateKey, signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#' })
  signature.addReference({
    xpath: "//*[local-name(.)='Assertion']",
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', 'http://www.w3.org/2001/10/xml-exc-c14n#'],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  })
  signature.computeSignature(xml, { location: { reference: "//*[local-name(.)='Assertion']/*[local-name(.)='Issuer']", action: 'after' } })
  return Buffer.from(signature.getSignedXml()).toString('base64')
}

export async function contestant(origin) {
  const key = newKey()
  const strategy = new Strategy(
    { callbackUrl: 'http://app.example/callback', entryPoint: `${origin}/saml`, issuer: 'app', audience: 'app', idpCert: key.certificate, wantAuthnResponseSigned: false },
    (profile, done) => done(null, { id: profile.nameID }),
    () => {},
  )
  const SAMLResponse = signedResponse(key)
  return async () => {
    const session = new Session()
    await run(strategy, { method: 'GET', url: '/login', headers: {}, query: {}, session })
    const { user } = await run(strategy, { method: 'POST', url: '/callback', headers: {}, query: {}, body: { SAMLResponse }, session })
    if (!user.id) throw new Error('nobody is signed in')
  }
}
