import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Function: ownAuthenticator()","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/functions/ownAuthenticator.md","filePath":"reference/passport-nevis/functions/ownAuthenticator.md"}');
const _sfc_main = { name: "reference/passport-nevis/functions/ownAuthenticator.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="function-ownauthenticator" tabindex="-1">Function: ownAuthenticator() <a class="header-anchor" href="#function-ownauthenticator" aria-label="Permalink to &quot;Function: ownAuthenticator()&quot;">​</a></h1><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">function</span><span style="--shiki-light:#622CBC;--shiki-dark:#D2A8FF;"> ownAuthenticator</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">(</span></span>
<span class="line"><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">   client</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">, </span></span>
<span class="line"><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">   subject</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">, </span></span>
<span class="line"><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">   authenticatorId</span></span>
<span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">)</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">:</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> Promise</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">&lt;</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">NamedAuthenticator</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> |</span><span style="--shiki-light:#023B95;--shiki-dark:#79C0FF;"> undefined</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">&gt;;</span></span></code></pre></div><p>The authenticator with this id, if it is the subject&#39;s own. Call it before <code>renameAuthenticator</code> and <code>deleteAuthenticator</code> with an id that comes from a request: Nevis does not ask whose it is (<a href="https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref" target="_blank" rel="noreferrer">https://docs.nevis.net/authcloud/api-doc/api-reference/authenticator-endpoint-ref</a>). One call to Nevis.</p><h2 id="parameters" tabindex="-1">Parameters <a class="header-anchor" href="#parameters" aria-label="Permalink to &quot;Parameters&quot;">​</a></h2><table tabindex="0"><thead><tr><th>Parameter</th><th>Type</th><th>Description</th></tr></thead><tbody><tr><td><code>client</code></td><td><a href="./../classes/NevisClient.html"><code>NevisClient</code></a></td><td>-</td></tr><tr><td><code>subject</code></td><td><a href="./../interfaces/Subject.html"><code>Subject</code></a></td><td>who is signed in, by userId or by username</td></tr><tr><td><code>authenticatorId</code></td><td><code>unknown</code></td><td>as the request brought it, of whatever type</td></tr></tbody></table><h2 id="returns" tabindex="-1">Returns <a class="header-anchor" href="#returns" aria-label="Permalink to &quot;Returns&quot;">​</a></h2><p><code>Promise</code>&lt;<a href="./../interfaces/NamedAuthenticator.html"><code>NamedAuthenticator</code></a> | <code>undefined</code>&gt;</p><p>undefined for everything else, be it somebody else&#39;s or nobody&#39;s</p><h2 id="throws" tabindex="-1">Throws <a class="header-anchor" href="#throws" aria-label="Permalink to &quot;Throws&quot;">​</a></h2><p>NevisError, any code; <code>NEVIS_NOT_FOUND</code> if Nevis does not know the subject</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/functions/ownAuthenticator.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const ownAuthenticator = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  ownAuthenticator as default
};
