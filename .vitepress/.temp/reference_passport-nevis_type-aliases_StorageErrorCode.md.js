import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Type Alias: StorageErrorCode","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/type-aliases/StorageErrorCode.md","filePath":"reference/passport-nevis/type-aliases/StorageErrorCode.md"}');
const _sfc_main = { name: "reference/passport-nevis/type-aliases/StorageErrorCode.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="type-alias-storageerrorcode" tabindex="-1">Type Alias: StorageErrorCode <a class="header-anchor" href="#type-alias-storageerrorcode" aria-label="Permalink to &quot;Type Alias: StorageErrorCode&quot;">​</a></h1><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">type</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> StorageErrorCode</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> =</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> </span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;SESSION_REQUIRED&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;SESSION_IN_COOKIE&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;SESSION_TOO_LARGE&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;SESSION_UNAVAILABLE&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;LEDGER_UNAVAILABLE&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><p><code>SESSION_REQUIRED</code>: no session middleware ran before the strategy (status 500) · <code>SESSION_IN_COOKIE</code>: the browser holds the session itself and can read it, as with cookie-session (500) · <code>SESSION_TOO_LARGE</code>: it is in an encrypted cookie, and no browser keeps one of that size (500) · <code>SESSION_UNAVAILABLE</code>: the session could not be saved (503) · <code>LEDGER_UNAVAILABLE</code>: the ledger did not answer, so nobody is let in (503).</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/type-aliases/StorageErrorCode.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const StorageErrorCode = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  StorageErrorCode as default
};
