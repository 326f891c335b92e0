/**
 * Makes `instanceof` true for an object of another copy of this package. npm installs two copies if an app and one of its packages ask for different
 * versions: an error of one copy must not be unknown to the pages of the other.
 *
 * Out of scope: whether two versions fit together.
 */

/**
 * To be called by a class's `[Symbol.hasInstance]`.
 * @param own the class that defines it
 * @param self `this` of that method: the class on the right of `instanceof`, possibly a subclass
 * @param mark a symbol of the global registry (`Symbol.for`), on the prototype of the class
 * @internal
 */
export function isInstance(own: object, self: object, mark: symbol, value: unknown): boolean {
  // Only the class itself is known by its mark; a subclass of the app is compared by its prototype.
  if (self !== own) return Function.prototype[Symbol.hasInstance].call(self, value)
  return typeof value === 'object' && value !== null && Reflect.get(value, mark) === true
}
