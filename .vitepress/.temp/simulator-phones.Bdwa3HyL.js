const _imports_1 = "/images/simulator-phones.png";
export {
  _imports_1 as _
};
