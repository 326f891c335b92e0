import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: QrCode","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/QrCode.md","filePath":"reference/passport-nevis/interfaces/QrCode.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/QrCode.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-qrcode" tabindex="-1">Interface: QrCode <a class="header-anchor" href="#interface-qrcode" aria-label="Permalink to &quot;Interface: QrCode&quot;">​</a></h1><p>A picture to scan with the Access App.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="datauri" tabindex="-1">dataUri <a class="header-anchor" href="#datauri" aria-label="Permalink to &quot;dataUri&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">dataUri</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: string;</span></span></code></pre></div><p><code>data:image/png;base64,…</code>, and nothing that could break out of an HTML attribute.</p><hr><h3 id="type" tabindex="-1">type? <a class="header-anchor" href="#type" aria-label="Permalink to &quot;type?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly type</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>A media type, <code>image/png</code>.</p><hr><h3 id="size" tabindex="-1">size? <a class="header-anchor" href="#size" aria-label="Permalink to &quot;size?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly size</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> number;</span></span></code></pre></div><p>Width and height in pixels.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/QrCode.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const QrCode = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  QrCode as default
};
