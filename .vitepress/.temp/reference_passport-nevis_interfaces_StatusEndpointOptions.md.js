import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: StatusEndpointOptions","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/StatusEndpointOptions.md","filePath":"reference/passport-nevis/interfaces/StatusEndpointOptions.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/StatusEndpointOptions.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-statusendpointoptions" tabindex="-1">Interface: StatusEndpointOptions <a class="header-anchor" href="#interface-statusendpointoptions" aria-label="Permalink to &quot;Interface: StatusEndpointOptions&quot;">​</a></h1><p>Options of <a href="./../functions/statusEndpoint.html">statusEndpoint</a>.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="maxstreams" tabindex="-1">maxStreams? <a class="header-anchor" href="#maxstreams" aria-label="Permalink to &quot;maxStreams?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly maxStreams</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> number;</span></span></code></pre></div><p>Event streams open at once in this process, at most 20 of one transaction; who comes later gets JSON and asks again. Default 10 000.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/StatusEndpointOptions.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const StatusEndpointOptions = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  StatusEndpointOptions as default
};
