// @ts-check
/**
 * The configuration of each proxy: the block of docs/guides/reverse-proxies.md, or the minimum that forwards requests, and the `Settings` that a test needs.
 *
 * Out of scope: starting the proxy (`servers.mjs`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @typedef {object} Settings
 * @property {number[]} apps the ports of the processes
 * @property {boolean} [bare] uses the minimum that forwards requests, without any line of the guide's configuration
 * @property {boolean} [tls] uses TLS, with HTTP/2
 * @property {boolean} [gzip] compresses every response
 * @property {boolean} [buffers] nginx only: buffers answers even if the app forbids it
 * @property {string} [prefix] a prefix that the proxy removes from the path
 * @property {number} [idleSeconds] closes a connection on which no data arrives for this time
 * @property {boolean} [caches] caches every answer that it may cache
 * @property {number} [connections] nginx only: starts two workers, each with at most this many connections
 * @property {boolean} [isTried] nginx only: sends requests to a process of the app even if it has just refused a connection
 * @property {boolean} [retries] sends a request again, also a POST, if no answer comes in time
 */
/** @typedef {import('./servers.mjs').Place} Place */

const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/reverse-proxies.md'), 'utf8')

/** The first block of code below a heading. @param {string} heading */
export function blockOf(heading) {
  const block = new RegExp(`^## ${heading}\n[^]*?^\`\`\`\\w+\n([^]*?)^\`\`\``, 'm').exec(guide)?.[1]
  if (block === undefined) throw new Error(`docs/guides/reverse-proxies.md has no code below "${heading}"`)
  return block
}

/** @param {Settings} settings @param {Place} place */
function nginx({ apps, bare, tls, gzip, buffers, prefix, idleSeconds, caches, retries, connections, isTried }, { port, folder, pem }) {
  const target = prefix === undefined ? 'http://apps' : 'http://apps/'
  const more = [
    buffers && 'proxy_ignore_headers X-Accel-Buffering;',
    idleSeconds && `proxy_read_timeout ${idleSeconds}s;`,
    caches && 'proxy_cache site; proxy_cache_valid any 1h; add_header X-Cache $upstream_cache_status always;',
    retries && 'proxy_next_upstream error timeout non_idempotent;',
  ]
  const location = bare
    ? `location ${prefix ?? ''}/ {\n  proxy_pass ${target};\n}\n`
    : blockOf('nginx').replace('location /', `location ${prefix ?? ''}/`).replace(/proxy_pass .*;/, `proxy_pass ${target};`)
  return `user root; daemon off; worker_processes ${connections ? 2 : 1}; pid ${folder}/pid; error_log ${folder}/errors;
events { ${connections ? `worker_connections ${connections};` : ''} }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  ${gzip ? 'gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;' : ''}
  ${caches ? `proxy_cache_path ${folder}/cache keys_zone=site:1m;` : ''}
  upstream apps { ${apps.map((app) => `server 127.0.0.1:${app}${retries || isTried ? ' max_fails=0' : ''};`).join(' ')} }
  server {
    listen 127.0.0.1:${port}${tls ? ' ssl http2' : ''}${connections ? ' reuseport backlog=4096' : ''};
    ${tls ? `ssl_certificate ${pem}; ssl_certificate_key ${pem};` : ''}
    ${location.replace(/\}\n$/, `${more.filter(Boolean).join('\n')}\n}`)}
  }
}
`
}

/** @param {Settings} settings @param {Place} place */
function haproxy({ apps, bare, tls, gzip, prefix, idleSeconds, caches, retries }, { port, pem }) {
  const text = bare
    ? 'defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\nfrontend site\n  bind :443\n  default_backend app\nbackend app\n'
    : blockOf('HAProxy')
  const front = [
    prefix && `http-request replace-path ${prefix}/(.*) /\\1`,
    gzip && 'compression algo gzip',
    caches && 'http-request cache-use site\n  http-response cache-store site\n  http-response set-header X-Cache HIT if !{ srv_id -m found }',
  ]
  const back = retries ? ['retries 2', 'retry-on all-retryable-errors'] : []
  const configured = text
    .replace(/bind .*/, `bind 127.0.0.1:${port}${tls ? ` ssl crt ${pem} alpn h2,http/1.1` : ''}`)
    // Without TLS, the header must name http.
    .replace('X-Forwarded-Proto https', `X-Forwarded-Proto ${tls ? 'https' : 'http'}`)
    .replace(/(timeout (?:client|server)) .*/g, (line, name) => (idleSeconds ? `${name} ${idleSeconds}s` : line))
    .replace(/ *default_backend.*\n/, (line) => `${front.filter(Boolean).map((one) => `  ${one}\n`).join('')}${line}`)
    .replace(/^ *server .*\n/gm, '')
    .trimEnd()
  return [
    configured,
    ...back.map((line) => `  ${line}`),
    ...apps.map((app, i) => `  server app${i} 127.0.0.1:${app}`),
    ...(caches ? ['cache site', '  total-max-size 4', '  max-age 3600'] : []),
    '',
  ].join('\n')
}

/** @param {Settings} settings @param {Place} place */
function apache({ apps, bare, tls, gzip, prefix, idleSeconds, caches }, { port, folder, pem }) {
  const modules = ['mpm_event', 'authz_core', 'headers', 'proxy', 'proxy_http', 'proxy_balancer', 'slotmem_shm', 'lbmethod_byrequests', 'ssl', 'http2', 'filter', 'deflate', 'cache', 'cache_disk']
  const path = `${prefix ?? ''}/`
  const target = apps.length > 1 ? 'balancer://apps' : `http://127.0.0.1:${apps[0]}`
  const block = bare ? 'ProxyPass / http://app/\n' : blockOf('Apache')
  return `ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/errors
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
User nobody
Group nogroup
${tls ? `Protocols h2 http/1.1\nSSLEngine on\nSSLCertificateFile ${pem}` : ''}
${gzip ? 'SetOutputFilter DEFLATE' : ''}
${caches ? `CacheRoot ${folder}/cache\nCacheEnable disk /\nCacheHeader on\nCacheIgnoreNoLastMod On\nCacheDefaultExpire 3600` : ''}
${idleSeconds ? `Timeout ${idleSeconds}\nProxyTimeout ${idleSeconds}` : ''}
<Proxy balancer://apps>
${apps.map((app) => `  BalancerMember http://127.0.0.1:${app}`).join('\n')}
</Proxy>
${block.replace(/ProxyPass .*/, `ProxyPass ${path} ${target}/`)}`
}

/**
 * For each proxy, the function that returns the text of its configuration file.
 * @type {Record<import('./servers.mjs').ProxyName, (settings: Settings, place: Place) => string>}
 */
export const configurations = { nginx, HAProxy: haproxy, Apache: apache }
