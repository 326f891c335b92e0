import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: FailureAnswer","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/FailureAnswer.md","filePath":"reference/passport-nevis/interfaces/FailureAnswer.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/FailureAnswer.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-failureanswer" tabindex="-1">Interface: FailureAnswer <a class="header-anchor" href="#interface-failureanswer" aria-label="Permalink to &quot;Interface: FailureAnswer&quot;">​</a></h1><p>How a failure is answered.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="status" tabindex="-1">status <a class="header-anchor" href="#status" aria-label="Permalink to &quot;status&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">status</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: number;</span></span></code></pre></div><p>HTTP status.</p><hr><h3 id="message" tabindex="-1">message <a class="header-anchor" href="#message" aria-label="Permalink to &quot;message&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">message</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: string;</span></span></code></pre></div><p>A sentence for the person, in English.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/FailureAnswer.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const FailureAnswer = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  FailureAnswer as default
};
