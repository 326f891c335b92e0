import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: PollStep","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/PollStep.md","filePath":"reference/passport-nevis/interfaces/PollStep.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/PollStep.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-pollstep" tabindex="-1">Interface: PollStep <a class="header-anchor" href="#interface-pollstep" aria-label="Permalink to &quot;Interface: PollStep&quot;">​</a></h1><p>Up to this age of a transaction, ask this often.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="untilseconds" tabindex="-1">untilSeconds <a class="header-anchor" href="#untilseconds" aria-label="Permalink to &quot;untilSeconds&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">untilSeconds</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: number;</span></span></code></pre></div><p>Seconds since the start.</p><hr><h3 id="everyseconds" tabindex="-1">everySeconds <a class="header-anchor" href="#everyseconds" aria-label="Permalink to &quot;everySeconds&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">everySeconds</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: number;</span></span></code></pre></div><p>Seconds between two calls; 0.5 at least.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/PollStep.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const PollStep = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  PollStep as default
};
