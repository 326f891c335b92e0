import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: Answer","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/Answer.md","filePath":"reference/passport-nevis/interfaces/Answer.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/Answer.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-answer" tabindex="-1">Interface: Answer <a class="header-anchor" href="#interface-answer" aria-label="Permalink to &quot;Interface: Answer&quot;">​</a></h1><p>What a check has to go on.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="code" tabindex="-1">code? <a class="header-anchor" href="#code" aria-label="Permalink to &quot;code?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly code</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>Brought by the browser.</p><hr><h3 id="token" tabindex="-1">token? <a class="header-anchor" href="#token" aria-label="Permalink to &quot;token?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly token</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>Brought by the browser.</p><hr><h3 id="status" tabindex="-1">status? <a class="header-anchor" href="#status" aria-label="Permalink to &quot;status?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly status</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> Status;</span></span></code></pre></div><p>Nevis&#39;s own answer to this transaction&#39;s status token, where this process learned it a moment ago.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/Answer.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const Answer = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  Answer as default
};
