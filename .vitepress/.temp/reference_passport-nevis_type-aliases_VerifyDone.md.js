import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Type Alias: VerifyDone","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/type-aliases/VerifyDone.md","filePath":"reference/passport-nevis/type-aliases/VerifyDone.md"}');
const _sfc_main = { name: "reference/passport-nevis/type-aliases/VerifyDone.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="type-alias-verifydone" tabindex="-1">Type Alias: VerifyDone <a class="header-anchor" href="#type-alias-verifydone" aria-label="Permalink to &quot;Type Alias: VerifyDone&quot;">​</a></h1><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">type</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> VerifyDone</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> =</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> (</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">error</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">, </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">user</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">, </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">info</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">) </span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">=&gt;</span><span style="--shiki-light:#023B95;--shiki-dark:#79C0FF;"> void</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><p><code>done(error)</code>, <code>done(null, false, { message })</code> for nobody, or <code>done(null, user, info)</code>.</p><h2 id="parameters" tabindex="-1">Parameters <a class="header-anchor" href="#parameters" aria-label="Permalink to &quot;Parameters&quot;">​</a></h2><table tabindex="0"><thead><tr><th>Parameter</th><th>Type</th></tr></thead><tbody><tr><td><code>error?</code></td><td><code>unknown</code></td></tr><tr><td><code>user?</code></td><td><code>Express.User</code> | <code>false</code> | <code>null</code></td></tr><tr><td><code>info?</code></td><td><code>object</code></td></tr></tbody></table><h2 id="returns" tabindex="-1">Returns <a class="header-anchor" href="#returns" aria-label="Permalink to &quot;Returns&quot;">​</a></h2><p><code>void</code></p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/type-aliases/VerifyDone.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const VerifyDone = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  VerifyDone as default
};
