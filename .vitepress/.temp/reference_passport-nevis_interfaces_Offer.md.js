import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: Offer","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/Offer.md","filePath":"reference/passport-nevis/interfaces/Offer.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/Offer.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-offer" tabindex="-1">Interface: Offer <a class="header-anchor" href="#interface-offer" aria-label="Permalink to &quot;Interface: Offer&quot;">​</a></h1><p>The part of a <a href="./WaitingView.html">WaitingView</a> about other phones.</p><h2 id="extended-by" tabindex="-1">Extended by <a class="header-anchor" href="#extended-by" aria-label="Permalink to &quot;Extended by&quot;">​</a></h2><ul><li><a href="./WaitingView.html"><code>WaitingView</code></a></li></ul><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="authenticatorsurl" tabindex="-1">authenticatorsURL? <a class="header-anchor" href="#authenticatorsurl" aria-label="Permalink to &quot;authenticatorsURL?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly authenticatorsURL</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>Where the list is, if the transaction&#39;s factor can ask another authenticator.</p><hr><h3 id="authenticators" tabindex="-1">authenticators? <a class="header-anchor" href="#authenticators" aria-label="Permalink to &quot;authenticators?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly authenticators</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> readonly OfferedAuthenticator[] </span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">|</span><span style="--shiki-light:#023B95;--shiki-dark:#79C0FF;"> null</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><p>The list, if it was asked for; null while Nevis cannot be asked.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/Offer.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const Offer = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  Offer as default
};
