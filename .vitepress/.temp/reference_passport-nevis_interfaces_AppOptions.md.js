import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: AppOptions","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/AppOptions.md","filePath":"reference/passport-nevis/interfaces/AppOptions.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/AppOptions.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-appoptions" tabindex="-1">Interface: AppOptions <a class="header-anchor" href="#interface-appoptions" aria-label="Permalink to &quot;Interface: AppOptions&quot;">​</a></h1><p>Options of <a href="./../functions/app.html">app</a>.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="channel" tabindex="-1">channel? <a class="header-anchor" href="#channel" aria-label="Permalink to &quot;channel?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly channel</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;app&quot;</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;qr-code&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><p><code>qr-code</code> is the older documents&#39; name of the channel, for instances that still want it. Default <code>app</code>.</p><hr><h3 id="anyauthenticator" tabindex="-1">anyAuthenticator? <a class="header-anchor" href="#anyauthenticator" aria-label="Permalink to &quot;anyAuthenticator?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly anyAuthenticator</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> boolean;</span></span></code></pre></div><p>Any of the person&#39;s own phones may scan. Otherwise only one may: the one that the start names, or the one that was registered last. Default false.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/AppOptions.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const AppOptions = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  AppOptions as default
};
