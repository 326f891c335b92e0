const _imports_0 = "/images/waiting-push.png";
export {
  _imports_0 as _
};
