import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"Interface: Failure","description":"","frontmatter":{},"headers":[],"relativePath":"reference/passport-nevis/interfaces/Failure.md","filePath":"reference/passport-nevis/interfaces/Failure.md"}');
const _sfc_main = { name: "reference/passport-nevis/interfaces/Failure.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}><h1 id="interface-failure" tabindex="-1">Interface: Failure <a class="header-anchor" href="#interface-failure" aria-label="Permalink to &quot;Interface: Failure&quot;">​</a></h1><p>What Passport&#39;s <code>fail</code> gets: an object, because it would turn a string into a WWW-Authenticate header.</p><h2 id="properties" tabindex="-1">Properties <a class="header-anchor" href="#properties" aria-label="Permalink to &quot;Properties&quot;">​</a></h2><h3 id="code" tabindex="-1">code <a class="header-anchor" href="#code" aria-label="Permalink to &quot;code&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">code</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: FailureCode;</span></span></code></pre></div><p>Match on this one.</p><hr><h3 id="message" tabindex="-1">message <a class="header-anchor" href="#message" aria-label="Permalink to &quot;message&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly </span><span style="--shiki-light:#702C00;--shiki-dark:#FFA657;">message</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">: string;</span></span></code></pre></div><p>For the person, in English; <code>failureMessage: true</code> keeps it in the session.</p><hr><h3 id="retryafterseconds" tabindex="-1">retryAfterSeconds? <a class="header-anchor" href="#retryafterseconds" aria-label="Permalink to &quot;retryAfterSeconds?&quot;">​</a></h3><div class="language-ts vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">ts</span><pre class="shiki shiki-themes github-light-high-contrast github-dark-default vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;">readonly retryAfterSeconds</span><span style="--shiki-light:#A0111F;--shiki-dark:#FF7B72;">?:</span><span style="--shiki-light:#0E1116;--shiki-dark:#E6EDF3;"> number;</span></span></code></pre></div><p>Seconds until it is worth trying again; with <code>too_many_starts</code> and <code>too_many_attempts</code>, where that is known.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("reference/passport-nevis/interfaces/Failure.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const Failure = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  Failure as default
};
