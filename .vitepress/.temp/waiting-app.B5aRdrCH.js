const _imports_1 = "/images/waiting-app.png";
export {
  _imports_1 as _
};
