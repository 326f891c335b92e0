import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: Faults","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/simulator/interfaces/Faults.md","filePath":"reference/passport-nevis/simulator/interfaces/Faults.md"}');
const _sfc_main = { name: "reference/passport-nevis/simulator/interfaces/Faults.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-faults" tabindex="-1">Interface: Faults <a class="header-anchor" href="#interface-faults" aria-label="Permalink to &quot;Interface: Faults&quot;">​</a></h1><p>What the cloud does wrong: <code>simulator.faults</code>.</p><h2 id="methods" tabindex="-1">Methods <a class="header-anchor" href="#methods" aria-label="Permalink to &quot;Methods&quot;">​</a></h2><h3 id="add" tabindex="-1">add() <a class="header-anchor" href="#add" aria-label="Permalink to &quot;add()&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#622CBC;--shiki-dark:#D2A8FF;">add</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">(fault): FaultHandle;</span></span></code></pre></div><p>Of several faults for one call, the first added hits it.</p><h4 id="parameters" tabindex="-1">Parameters <a class="header-anchor" href="#parameters" aria-label="Permalink to &quot;Parameters&quot;">​</a></h4><table tabindex="0"><thead><tr><th>Parameter</th><th>Type</th></tr></thead><tbody><tr><td><code>fault</code></td><td><a href="./Fault.html"><code>Fault</code></a></td></tr></tbody></table><h4 id="returns" tabindex="-1">Returns <a class="header-anchor" href="#returns" aria-label="Permalink to &quot;Returns&quot;">​</a></h4><p><a href="./FaultHandle.html"><code>FaultHandle</code></a></p><h4 id="throws" tabindex="-1">Throws <a class="header-anchor" href="#throws" aria-label="Permalink to &quot;Throws&quot;">​</a></h4><p>TypeError for an unknown option or operation, or without any effect</p><hr><h3 id="clear" tabindex="-1">clear() <a class="header-anchor" href="#clear" aria-label="Permalink to &quot;clear()&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#622CBC;--shiki-dark:#D2A8FF;">clear</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">(): </span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">void</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><p>Takes all out.</p><h4 id="returns-1" tabindex="-1">Returns <a class="header-anchor" href="#returns-1" aria-label="Permalink to &quot;Returns&quot;">​</a></h4><p><code>void</code></p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/simulator/interfaces/Faults.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const Faults = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  Faults as default
};
