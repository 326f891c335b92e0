import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: RedisLedgerOptions","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/RedisLedgerOptions.md","filePath":"reference/passport-nevis/interfaces/RedisLedgerOptions.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/RedisLedgerOptions.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-redisledgeroptions" tabindex="-1">Interface: RedisLedgerOptions <a class="header-anchor" href="#interface-redisledgeroptions" aria-label="Permalink to &quot;Interface: RedisLedgerOptions&quot;">​</a></h1><p>Options of <a href="./../classes/RedisLedger.html">RedisLedger</a>.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="prefix" tabindex="-1">prefix? <a class="header-anchor" href="#prefix" aria-label="Permalink to &quot;prefix?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly prefix</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>Before every key. Default <code>passport-nevis:</code>.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/RedisLedgerOptions.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const RedisLedgerOptions = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  RedisLedgerOptions as default
};
