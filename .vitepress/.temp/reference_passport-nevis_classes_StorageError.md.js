import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Class: StorageError","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/classes/StorageError.md","filePath":"reference/passport-nevis/classes/StorageError.md"}');
const _sfc_main = { name: "reference/passport-nevis/classes/StorageError.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="class-storageerror" tabindex="-1">Class: StorageError <a class="header-anchor" href="#class-storageerror" aria-label="Permalink to &quot;Class: StorageError&quot;">​</a></h1><p>The session or the ledger of the app failed; nobody was let in. Match on <code>code</code>. Its <code>cause</code> holds the name and the code of the store&#39;s own error and nothing else of it.</p><h2 id="extends" tabindex="-1">Extends <a class="header-anchor" href="#extends" aria-label="Permalink to &quot;Extends&quot;">​</a></h2><ul><li><code>Error</code></li></ul><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="code" tabindex="-1">code <a class="header-anchor" href="#code" aria-label="Permalink to &quot;code&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">code</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: StorageErrorCode;</span></span></code></pre></div><p>Stable; see <a href="./../type-aliases/StorageErrorCode.html">StorageErrorCode</a>.</p><hr><h3 id="status" tabindex="-1">status <a class="header-anchor" href="#status" aria-label="Permalink to &quot;status&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">status</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: number;</span></span></code></pre></div><p>HTTP status with which the application should answer.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/classes/StorageError.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const StorageError = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  StorageError as default
};
