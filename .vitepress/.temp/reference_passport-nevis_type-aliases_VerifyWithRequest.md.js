import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Type Alias: VerifyWithRequest","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/type-aliases/VerifyWithRequest.md","filePath":"reference/passport-nevis/type-aliases/VerifyWithRequest.md"}');
const _sfc_main = { name: "reference/passport-nevis/type-aliases/VerifyWithRequest.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="type-alias-verifywithrequest" tabindex="-1">Type Alias: VerifyWithRequest <a class="header-anchor" href="#type-alias-verifywithrequest" aria-label="Permalink to &quot;Type Alias: VerifyWithRequest&quot;">​</a></h1><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">type</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> VerifyWithRequest</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> =</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> {</span></span>
<span class="line"><span style="--shiki-light:#622CBC;--shiki-dark:#D2A8FF;">  of</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">(</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">req</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">, </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">profile</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">, </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">done</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">)</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> </span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">     |</span><span style="--shiki-light:#023B95;--shiki-dark:#79C0FF;"> void</span></span>
<span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">    |</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> PromiseLike</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">&lt;</span><span style="--shiki-light:#023B95;--shiki-dark:#79C0FF;">void</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> |</span><span style="--shiki-light:#023B95;--shiki-dark:#79C0FF;"> undefined</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> |</span><span style="--shiki-light:#023B95;--shiki-dark:#79C0FF;"> null</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> |</span><span style="--shiki-light:#023B95;--shiki-dark:#79C0FF;"> false</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> |</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> User</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">&gt;;</span></span>
<span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">}[</span><span style="--shiki-light:#032563;--shiki-dark:#A5D6FF;">&quot;of&quot;</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">];</span></span></code></pre></div><p>The same with <code>passReqToCallback</code>: the request comes first. Declared as a method so that any host&#39;s request type fits.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/type-aliases/VerifyWithRequest.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const VerifyWithRequest = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  VerifyWithRequest as default
};
