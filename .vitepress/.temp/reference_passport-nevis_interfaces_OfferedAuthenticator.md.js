import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: OfferedAuthenticator","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/OfferedAuthenticator.md","filePath":"reference/passport-nevis/interfaces/OfferedAuthenticator.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/OfferedAuthenticator.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-offeredauthenticator" tabindex="-1">Interface: OfferedAuthenticator <a class="header-anchor" href="#interface-offeredauthenticator" aria-label="Permalink to &quot;Interface: OfferedAuthenticator&quot;">​</a></h1><p>One of the person&#39;s own phones.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="id" tabindex="-1">id <a class="header-anchor" href="#id" aria-label="Permalink to &quot;id&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">id</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: string;</span></span></code></pre></div><p>For the field <code>authenticatorId</code>.</p><hr><h3 id="name" tabindex="-1">name? <a class="header-anchor" href="#name" aria-label="Permalink to &quot;name?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly name</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>Free text by the person; not every authenticator has one.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/OfferedAuthenticator.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const OfferedAuthenticator = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  OfferedAuthenticator as default
};
