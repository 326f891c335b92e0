/**
 * Makes `instanceof` true for an object of another copy of this package. npm installs two copies if an app and one of its packages need different
 * versions. Code in one copy must recognize, for example, a NevisError of the other copy.
 *
 * Out of scope: whether two versions are compatible.
 */

/**
 * Implements a class's `[Symbol.hasInstance]`.
 * @param own the class that defines it
 * @param self `this` of that method: the class on the right of `instanceof`, possibly a subclass
 * @param mark a symbol of the global registry (`Symbol.for`), on the prototype of the class
 * @internal
 */
export function isInstance(own: object, self: object, mark: symbol, value: unknown): boolean {
  // For a subclass in the app, compare prototypes as usual: the mark identifies only the class itself.
  if (self !== own) return Function.prototype[Symbol.hasInstance].call(self, value)
  return typeof value === 'object' && value !== null && Reflect.get(value, mark) === true
}
