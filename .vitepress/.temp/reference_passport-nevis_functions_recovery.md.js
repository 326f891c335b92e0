import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Function: recovery()","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/functions/recovery.md","filePath":"reference/passport-nevis/functions/recovery.md"}');
const _sfc_main = { name: "reference/passport-nevis/functions/recovery.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="function-recovery" tabindex="-1">Function: recovery() <a class="header-anchor" href="#function-recovery" aria-label="Permalink to &quot;Function: recovery()&quot;">​</a></h1><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">function</span><span style="--shiki-light:#622CBC;--shiki-dark:#D2A8FF;"> recovery</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">()</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">:</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> Factor</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><p>The factor <code>recovery</code>: one of the codes that the person wrote down; each works once. Nevis is asked nothing before the code is there, so the transaction&#39;s id is ours. Enrolling it makes new codes, for a user with a username.</p><h2 id="returns" tabindex="-1">Returns <a class="header-anchor" href="#returns" aria-label="Permalink to &quot;Returns&quot;">​</a></h2><p><a href="./../interfaces/Factor.html"><code>Factor</code></a></p><p>the factor, for <code>factors</code> of the strategy</p><h2 id="see" tabindex="-1">See <a class="header-anchor" href="#see" aria-label="Permalink to &quot;See&quot;">​</a></h2><p><a href="https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/authenticate-with-recovery-codes" target="_blank" rel="noreferrer">https://docs.nevis.net/authcloud/api-doc/api-use-cases/recovery-codes/authenticate-with-recovery-codes</a></p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/functions/recovery.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const recovery = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  recovery as default
};
