import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: FaultHandle","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/simulator/interfaces/FaultHandle.md","filePath":"reference/passport-nevis/simulator/interfaces/FaultHandle.md"}');
const _sfc_main = { name: "reference/passport-nevis/simulator/interfaces/FaultHandle.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-faulthandle" tabindex="-1">Interface: FaultHandle <a class="header-anchor" href="#interface-faulthandle" aria-label="Permalink to &quot;Interface: FaultHandle&quot;">​</a></h1><p>A fault that was added.</p><h2 id="methods" tabindex="-1">Methods <a class="header-anchor" href="#methods" aria-label="Permalink to &quot;Methods&quot;">​</a></h2><h3 id="remove" tabindex="-1">remove() <a class="header-anchor" href="#remove" aria-label="Permalink to &quot;remove()&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#622CBC;--shiki-dark:#D2A8FF;">remove</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">(): </span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">void</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><p>Takes it out again.</p><h4 id="returns" tabindex="-1">Returns <a class="header-anchor" href="#returns" aria-label="Permalink to &quot;Returns&quot;">​</a></h4><p><code>void</code></p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="hits" tabindex="-1">hits <a class="header-anchor" href="#hits" aria-label="Permalink to &quot;hits&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">hits</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: number;</span></span></code></pre></div><p>How many calls it has hit.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/simulator/interfaces/FaultHandle.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const FaultHandle = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  FaultHandle as default
};
