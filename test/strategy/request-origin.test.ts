/**
 * Tests which two requests count as requests of one browser. Two requests of a double click do. A request from another address, browser or language, or without
 * one of the cookies, does not.
 */
import type { NevisRequest } from '../../src/host/request'
import { originOf } from '../../src/strategy/request-origin'

interface Sent {
  readonly ip?: string
  readonly from?: string
  readonly headers?: Record<string, string>
}

const browser = { 'user-agent': 'Firefox', 'accept-language': 'de', cookie: 'connect.sid=s; seen=1' }
const origin = ({ ip, from = '10.0.0.1', headers = {} }: Sent) => originOf({ ip: ip ?? from, socket: { remoteAddress: from }, headers: { ...browser, ...headers } } as unknown as NevisRequest)

it.each<[string, Sent, Sent]>([
  ['a form and a script', { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-user': '?1', 'content-length': '30', 'content-type': 'application/x-www-form-urlencoded' } }, { headers: { accept: '*/*', 'sec-fetch-mode': 'cors', 'content-type': 'application/json', 'x-csrf-token': 'a' } }],
  ['a proxy that numbers requests', { headers: { 'x-request-id': '1', 'cf-ray': 'a', traceparent: '00-1', 'x-amzn-trace-id': 'Root=1' } }, { headers: { 'x-request-id': '2', 'cf-ray': 'b', traceparent: '00-2', 'x-amzn-trace-id': 'Root=2' } }],
  ['a trusted proxy with several addresses', { ip: '192.0.2.1', from: '10.0.0.1', headers: { 'x-forwarded-for': '192.0.2.1, 172.70.0.1' } }, { ip: '192.0.2.1', from: '10.0.0.2', headers: { 'x-forwarded-for': '192.0.2.1, 172.70.0.2' } }],
  ['a proxy that adds the port of the connection', { headers: { 'x-forwarded-for': '192.0.2.1:4711' } }, { headers: { 'x-forwarded-for': '192.0.2.1:4712' } }],
  ['the same with IPv6 and a trusted proxy', { ip: '[2001:db8::1]:4711', headers: { 'x-forwarded-for': '[2001:db8::1]:4711' } }, { ip: '[2001:db8::1]:4712', headers: { 'x-forwarded-for': '[2001:db8::1]:4712' } }],
  ['a proxy that adds the port to an IPv6 address without brackets', { headers: { 'x-forwarded-for': '2001:db8::1:54321' } }, { headers: { 'x-forwarded-for': '2001:db8::1:54322' } }],
  ['the same with all groups of the address', { headers: { 'x-forwarded-for': '2001:db8:0:0:0:0:0:1:4711' } }, { headers: { 'x-forwarded-for': '2001:db8:0:0:0:0:0:1:4712' } }],
  ['a proxy that puts an IPv6 address into brackets only if it adds the port', { headers: { 'x-forwarded-for': '[2001:db8::1]:4711' } }, { headers: { 'x-forwarded-for': '2001:db8::1' } }],
  ['a proxy that adds the port in the header Forwarded', { headers: { forwarded: 'for="[2001:db8::1]:4711";proto=https, for=192.0.2.7:80' } }, { headers: { forwarded: 'for="[2001:db8::1]:4712";proto=https, for=192.0.2.7:81' } }],
  ['a script that counts clicks in a cookie', { headers: { cookie: 'connect.sid=s; _ga=1' } }, { headers: { cookie: '_ga=2; _hj=1; connect.sid=s' } }],
])('%s: one browser', (_name, one, other) => expect(origin(one)).toBe(origin(other)))

it.each<[string, Sent, Sent]>([
  ['another address', {}, { from: '10.0.0.2' }],
  ['another address behind a proxy that the app does not trust', { headers: { 'x-forwarded-for': '192.0.2.1' } }, { headers: { 'x-forwarded-for': '192.0.2.2' } }],
  ['another IPv6 address that ends like a port', { headers: { 'x-forwarded-for': '2001:db8::1:4711' } }, { headers: { 'x-forwarded-for': '2001:db8::1:4712' } }],
  ['another IPv6 address with a port', { headers: { 'x-forwarded-for': '[2001:db8::1]:4711' } }, { headers: { 'x-forwarded-for': '[2001:db8::2]:4711' } }],
  ['another address in any header of a proxy', { headers: { 'cf-connecting-ip': '192.0.2.1' } }, { headers: { 'cf-connecting-ip': '192.0.2.2' } }],
  ['another address behind a trusted proxy', { ip: '192.0.2.1', headers: { 'x-forwarded-for': '192.0.2.1' } }, { ip: '192.0.2.2', headers: { 'x-forwarded-for': '192.0.2.1, 192.0.2.2' } }],
  ['an attacker who writes the user\'s address into the header, where the app trusts all proxies', { ip: '192.0.2.1', headers: { 'x-forwarded-for': '192.0.2.1' } }, { ip: '192.0.2.1', headers: { 'x-forwarded-for': '192.0.2.1, 192.0.2.2' } }],
  ['an attacker who reaches the app without the proxy', { ip: '192.0.2.1', headers: { 'x-forwarded-for': '192.0.2.1' } }, { from: '192.0.2.1' }],
  ['another browser', {}, { headers: { 'user-agent': 'Chromium' } }],
  ['another language', {}, { headers: { 'accept-language': 'fr' } }],
  ['an attacker who does not have another cookie of the user', {}, { headers: { cookie: 'connect.sid=s' } }],
  ['an attacker who does not have another cookie of the user, whose name has a prefix', { headers: { cookie: '__Host-nevis-start=a' } }, { headers: { cookie: '__Host-nevis-start=b' } }],
])('%s: another browser', (_name, one, other) => expect(origin(one)).not.toBe(origin(other)))

it('contains no cookie and no address', () => expect(origin({})).toMatch(/^[\w-]{22}$/))
