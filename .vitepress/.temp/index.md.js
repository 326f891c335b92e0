import { ssrRenderAttrs } from "vue/server-renderer";
import { useSSRContext } from "vue";
import { _ as _export_sfc } from "./plugin-vue_export-helper.1tPrXgE0.js";
const __pageData = JSON.parse('{"title":"A second factor for Passport.js","titleTemplate":"passport-nevis","description":"","frontmatter":{"layout":"home","title":"A second factor for Passport.js","titleTemplate":"passport-nevis","hero":{"name":"passport-nevis","text":"A second factor for Passport.js","tagline":"Your Express app has passwords. Add push, QR code, SMS, recovery codes or the widget of the Nevis Authentication Cloud.","image":{"src":"/images/waiting-push.png","alt":"The waiting page on a phone: Check your phone"},"actions":[{"theme":"brand","text":"Quick start","link":"/guides/quick-start"},{"theme":"alt","text":"Add it to an app","link":"/guides/existing-app"},{"theme":"alt","text":"Security","link":"/security"}]},"features":[{"title":"Try it without an account","details":"A simulator of the cloud runs on your machine, with fake phones that approve and deny.","link":"/guides/quick-start","linkText":"Quick start"},{"title":"Sign in and sign payments","details":"The phone shows what the user confirms. Your handler gets exactly that data.","link":"/guides/step-up-and-signing","linkText":"Step-up and signing"},{"title":"Express, NestJS, Fastify, Koa","details":"The code on each page is the code that the tests run.","link":"/guides/hosts/express","linkText":"Your framework"},{"title":"Pages included","details":"A waiting page and an outage page in four languages, which work without JavaScript.","link":"/guides/waiting-page","linkText":"The waiting page"},{"title":"Tests in milliseconds","details":"Approve, deny or let a request expire from your own test, with no phone and no network.","link":"/guides/testing","linkText":"Testing"},{"title":"Made to be reviewed","details":"The threat model, the checks behind each success, and the test that shows each claim.","link":"/security","linkText":"Security"}]},"headers":[],"relativePath":"index.md","filePath":"index.md"}');
const _sfc_main = { name: "index.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs(_attrs)}></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("index.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const index = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  index as default
};
