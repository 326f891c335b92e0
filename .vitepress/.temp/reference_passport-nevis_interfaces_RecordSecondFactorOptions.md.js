import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: RecordSecondFactorOptions","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/RecordSecondFactorOptions.md","filePath":"reference/passport-nevis/interfaces/RecordSecondFactorOptions.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/RecordSecondFactorOptions.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-recordsecondfactoroptions" tabindex="-1">Interface: RecordSecondFactorOptions <a class="header-anchor" href="#interface-recordsecondfactoroptions" aria-label="Permalink to &quot;Interface: RecordSecondFactorOptions&quot;">​</a></h1><p>Options of <a href="./../functions/recordSecondFactor.html">recordSecondFactor</a> and <a href="./../functions/secondFactorOf.html">secondFactorOf</a>.</p><h2 id="extended-by" tabindex="-1">Extended by <a class="header-anchor" href="#extended-by" aria-label="Permalink to &quot;Extended by&quot;">​</a></h2><ul><li><a href="./RequireSecondFactorOptions.html"><code>RequireSecondFactorOptions</code></a></li></ul><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="sessionkey" tabindex="-1">sessionKey? <a class="header-anchor" href="#sessionkey" aria-label="Permalink to &quot;sessionKey?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly sessionKey</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>As given to the strategy. Default <code>nevis</code>.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/RecordSecondFactorOptions.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const RecordSecondFactorOptions = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  RecordSecondFactorOptions as default
};
