import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Type Alias: NevisErrorCode","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/type-aliases/NevisErrorCode.md","filePath":"reference/passport-nevis/type-aliases/NevisErrorCode.md"}');
const _sfc_main = { name: "reference/passport-nevis/type-aliases/NevisErrorCode.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="type-alias-neviserrorcode" tabindex="-1">Type Alias: NevisErrorCode <a class="header-anchor" href="#type-alias-neviserrorcode" aria-label="Permalink to &quot;Type Alias: NevisErrorCode&quot;">​</a></h1><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">type</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> NevisErrorCode</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> =</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> </span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;NEVIS_UNREACHABLE&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;NEVIS_TIMEOUT&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;NEVIS_RATE_LIMITED&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;NEVIS_UNAUTHORIZED&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;NEVIS_NOT_FOUND&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;NEVIS_REJECTED&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;NEVIS_UNEXPECTED_RESPONSE&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><table tabindex="0"><thead><tr><th>code</th><th>raised when</th><th>what to do</th></tr></thead><tbody><tr><td><code>NEVIS_UNREACHABLE</code></td><td>DNS, TLS, connection refused or closed before the answer was complete</td><td>try again later; see <code>cause.code</code></td></tr><tr><td><code>NEVIS_TIMEOUT</code></td><td>no complete answer within <code>timeoutMs</code>, retries and pauses included</td><td>try again later</td></tr><tr><td><code>NEVIS_RATE_LIMITED</code></td><td>HTTP 429</td><td>wait <code>retryAfterSeconds</code>, or offer another channel</td></tr><tr><td><code>NEVIS_UNAUTHORIZED</code></td><td>HTTP 401 or 403</td><td>check the access key</td></tr><tr><td><code>NEVIS_NOT_FOUND</code></td><td>HTTP 404 with Nevis&#39;s own error body, for a user or an authenticator</td><td>the id or username is not known to this instance</td></tr><tr><td><code>NEVIS_REJECTED</code></td><td>any other 4xx</td><td>the request breaks a rule of Nevis; see <code>nevisStatus</code></td></tr><tr><td><code>NEVIS_UNEXPECTED_RESPONSE</code></td><td>5xx, 3xx, not JSON, a 404 that is not Nevis&#39;s own, a promised field missing or not usable, an impossible combination</td><td>check <code>baseURL</code>, or report it to Nevis</td></tr></tbody></table></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/type-aliases/NevisErrorCode.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const NevisErrorCode = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  NevisErrorCode as default
};
