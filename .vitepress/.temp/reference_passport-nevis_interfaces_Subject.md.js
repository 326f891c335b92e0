import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: Subject","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/Subject.md","filePath":"reference/passport-nevis/interfaces/Subject.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/Subject.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-subject" tabindex="-1">Interface: Subject <a class="header-anchor" href="#interface-subject" aria-label="Permalink to &quot;Interface: Subject&quot;">​</a></h1><p>Who is asked, in Nevis&#39;s terms: at least one of the two.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="userid" tabindex="-1">userId? <a class="header-anchor" href="#userid" aria-label="Permalink to &quot;userId?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly userId</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>Nevis&#39;s lifelong identifier.</p><hr><h3 id="username" tabindex="-1">username? <a class="header-anchor" href="#username" aria-label="Permalink to &quot;username?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly username</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> string;</span></span></code></pre></div><p>The app&#39;s own stable identifier, under which the person was enrolled.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/Subject.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const Subject = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  Subject as default
};
