import { ssrRenderAttrs, ssrInterpolate } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Function: sms()","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/functions/sms.md","filePath":"reference/passport-nevis/functions/sms.md"}');
const _sfc_main = { name: "reference/passport-nevis/functions/sms.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="function-sms" tabindex="-1">Function: sms() <a class="header-anchor" href="#function-sms" aria-label="Permalink to &quot;Function: sms()&quot;">​</a></h1><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">function</span><span style="--shiki-light:#622CBC;--shiki-dark:#D2A8FF;"> sms</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">(</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">options</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">)</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">:</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> Factor</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">;</span></span></code></pre></div><p>The factor <code>sms</code>: a code by text message, typed into the page. For approval and enrolment.</p><h2 id="parameters" tabindex="-1">Parameters <a class="header-anchor" href="#parameters" aria-label="Permalink to &quot;Parameters&quot;">​</a></h2><table tabindex="0"><thead><tr><th>Parameter</th><th>Type</th><th>Description</th></tr></thead><tbody><tr><td><code>options?</code></td><td><a href="./../interfaces/SmsOptions.html"><code>SmsOptions</code></a></td><td>the text, what a right code needs beside it, and which numbers are not enrolled</td></tr></tbody></table><h2 id="returns" tabindex="-1">Returns <a class="header-anchor" href="#returns" aria-label="Permalink to &quot;Returns&quot;">​</a></h2><p><a href="./../interfaces/Factor.html"><code>Factor</code></a></p><p>the factor, for <code>factors</code> of the strategy</p><h2 id="throws" tabindex="-1">Throws <a class="header-anchor" href="#throws" aria-label="Permalink to &quot;Throws&quot;">​</a></h2><p>TypeError when <code>message</code> is no text in the GSM-7 alphabet with <code>${ssrInterpolate(_ctx.CODE)}</code> in it, and no function; when <code>refusedPrefixes</code> is no list of texts of <code>+</code> and 1 to 14 digits</p><h2 id="see" tabindex="-1">See <a class="header-anchor" href="#see" aria-label="Permalink to &quot;See&quot;">​</a></h2><p><a href="https://docs.nevis.net/authcloud/api-doc/api-use-cases/phone/authenticate-with-sms" target="_blank" rel="noreferrer">https://docs.nevis.net/authcloud/api-doc/api-use-cases/phone/authenticate-with-sms</a></p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/functions/sms.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const sms = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  sms as default
};
