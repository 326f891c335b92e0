/**
 * Makes `instanceof NevisError` true for an error that another copy of this package has created. npm installs two copies if an application and one of its
 * packages need different versions.
 *
 * Out of scope: whether the two versions are compatible.
 */

/**
 * Implements `[Symbol.hasInstance]` of a class: a value is an instance of the class if it has a property whose key is the symbol `mark`. For a subclass, the
 * normal `instanceof` applies.
 * @param own the class that defines `[Symbol.hasInstance]`
 * @param self `this` in that method: `own`, or a subclass of it
 * @param mark a symbol from `Symbol.for`, defined on the prototype of the class
 * @internal
 */
export function isInstance(own: object, self: object, mark: symbol, value: unknown): boolean {
  // For a subclass, use the normal `instanceof`. With `mark`, every instance of `own` would count as an instance of the subclass.
  if (self !== own) return Function.prototype[Symbol.hasInstance].call(self, value)
  return typeof value === 'object' && value !== null && Reflect.get(value, mark) === true
}
