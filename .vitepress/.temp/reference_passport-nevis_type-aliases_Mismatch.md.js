import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Type Alias: Mismatch","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/type-aliases/Mismatch.md","filePath":"reference/passport-nevis/type-aliases/Mismatch.md"}');
const _sfc_main = { name: "reference/passport-nevis/type-aliases/Mismatch.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="type-alias-mismatch" tabindex="-1">Type Alias: Mismatch <a class="header-anchor" href="#type-alias-mismatch" aria-label="Permalink to &quot;Type Alias: Mismatch&quot;">​</a></h1><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">type</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> Mismatch</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> =</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> </span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;userId&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;username&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;transactionId&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;token&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;active&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;sub&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;iss&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;aud&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;exp&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;nbf&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;iat&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;digest&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;login&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;factors&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;operation&quot;</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">  |</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;"> &quot;purpose&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><p>What does not fit: a field of an answer, the transaction&#39;s digest or login, or an option of the route that is to finish it.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/type-aliases/Mismatch.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const Mismatch = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  Mismatch as default
};
