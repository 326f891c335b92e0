import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: FactorRequest","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/FactorRequest.md","filePath":"reference/passport-nevis/interfaces/FactorRequest.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/FactorRequest.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-factorrequest" tabindex="-1">Interface: FactorRequest <a class="header-anchor" href="#interface-factorrequest" aria-label="Permalink to &quot;Interface: FactorRequest&quot;">​</a></h1><p>What the application wants asked.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="message" tabindex="-1">message? <a class="header-anchor" href="#message" aria-label="Permalink to &quot;message?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly message</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>Shown on the phone; plain text or Nevis&#39;s <code>&lt;html&gt;</code> form.</p><hr><h3 id="phone" tabindex="-1">phone? <a class="header-anchor" href="#phone" aria-label="Permalink to &quot;phone?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly phone</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p><code>+41791234567</code>; only to enrol SMS.</p><hr><h3 id="authenticatorid" tabindex="-1">authenticatorId? <a class="header-anchor" href="#authenticatorid" aria-label="Permalink to &quot;authenticatorId?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly authenticatorId</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>Which of the subject&#39;s authenticators to ask; one of their own. Only for a factor that takes one.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/FactorRequest.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const FactorRequest = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  FactorRequest as default
};
