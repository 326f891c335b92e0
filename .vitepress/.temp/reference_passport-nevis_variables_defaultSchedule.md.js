import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Variable: defaultSchedule","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/variables/defaultSchedule.md","filePath":"reference/passport-nevis/variables/defaultSchedule.md"}');
const _sfc_main = { name: "reference/passport-nevis/variables/defaultSchedule.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="variable-defaultschedule" tabindex="-1">Variable: defaultSchedule <a class="header-anchor" href="#variable-defaultschedule" aria-label="Permalink to &quot;Variable: defaultSchedule&quot;">​</a></h1><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">const</span><span style="--shiki-light:#023B95;--shiki-dark:#79C0FF;"> defaultSchedule</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">:</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;"> readonly</span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;"> PollStep</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">[];</span></span></code></pre></div><p>Most people answer within seconds, few after a minute. Against answers that are spread log-normally around 8 s this asks less often than once a second and finds half of the answers within 0.63 s; see <code>docs/performance.md</code>.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/variables/defaultSchedule.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const defaultSchedule = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  defaultSchedule as default
};
