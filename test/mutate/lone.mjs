// @ts-check
/**
 * Two mutation operators that Stryker does not have. The first removes a statement that stands alone (`await save()`, `list.push(x)`, `this.at = now`,
 * `delete x.y`). The second replaces a number by another number.
 *
 * `withSwitches` writes all mutants of a file into one text, each behind a switch: `__lone__(id)` is true while Stryker's runner has this mutant active, and
 * records which test reached the mutant.
 * Out of scope: running the mutants (`lone-run.mjs`).
 */
import ts from 'typescript'

/**
 * A `Mutant` is one change of a source file. An `Insertion` is the text of a switch before (`opens`) or after the changed code.
 * @typedef {{ line: number, column: number }} Position
 * @typedef {{ id: string, fileName: string, mutatorName: string, replacement: string, location: { start: Position, end: Position } }} Mutant
 * @typedef {{ at: number, text: string, opens: boolean }} Insertion
 */

/**
 * Defines the global function `__lone__`, with which the code of a mutated file asks whether a mutant is active. Call `installSwitch` before the first mutated
 * file runs.
 */
export function installSwitch() {
  /** @type {any} */
  const world = globalThis
  const stryker = (world.__stryker__ ??= {})
  world.__lone__ = (/** @type {string} */ id) => {
    const { currentTestId: test, activeMutant } = stryker
    const coverage = (stryker.mutantCoverage ??= { static: {}, perTest: {} })
    const counts = test === undefined ? coverage.static : (coverage.perTest[test] ??= {})
    counts[id] = (counts[id] ?? 0) + 1
    return activeMutant === id
  }
}

/**
 * Writes every mutant of a file into the file's text. Each mutant is behind a switch: a condition that is true only while this mutant is the active one.
 * @param {string} fileName absolute
 * @param {string} text TypeScript
 * @returns {{ text: string, mutants: Mutant[] }} the text with a switch for each mutant
 */
export function withSwitches(fileName, text) {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2022, true)
  /** @type {Insertion[]} */
  const insertions = []
  /** @type {Mutant[]} */
  const mutants = []
  /** @param {ts.Node} node @param {string} mutatorName @param {string} replacement */
  const idFor = (node, mutatorName, replacement) => {
    const id = `${fileName}#${mutants.length}`
    mutants.push({ id, fileName, mutatorName, replacement, location: { start: positionOf(source, node.getStart()), end: positionOf(source, node.getEnd()) } })
    return JSON.stringify(id)
  }
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    if (isLone(node)) {
      const id = idFor(node, 'LoneStatement', '')
      insertions.push({ at: node.getStart(), text: `{ if (!__lone__(${id})) { `, opens: true }, { at: node.getEnd(), text: ' } }', opens: false })
    }
    if (ts.isNumericLiteral(node) && !isName(node)) {
      const other = otherThan(Number(node.text))
      const id = idFor(node, 'Number', other)
      insertions.push({ at: node.getStart(), text: `(__lone__(${id}) ? ${other} : `, opens: true }, { at: node.getEnd(), text: ')', opens: false })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { text: inserted(text, insertions), mutants }
}

/** @param {ts.Node} node @returns {boolean} true for a call, an assignment or `delete` whose value is not used */
function isLone(node) {
  if (!ts.isExpressionStatement(node)) return false
  const what = unwrapped(node.expression)
  if (ts.isCallExpression(what)) return what.expression.kind !== ts.SyntaxKind.SuperKeyword
  return ts.isDeleteExpression(what) || (ts.isBinaryExpression(what) && isAssignment(what.operatorToken.kind))
}

/** @param {ts.SyntaxKind} kind @returns {boolean} true for `=`, `+=`, `??=` and the like */
function isAssignment(kind) {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment
}

/** @param {ts.Expression} node @returns {ts.Expression} without `await`, `void` and brackets */
function unwrapped(node) {
  return ts.isAwaitExpression(node) || ts.isVoidExpression(node) || ts.isParenthesizedExpression(node) ? unwrapped(node.expression) : node
}

/** @param {ts.NumericLiteral} node @returns {boolean} true if the number is the name of a field or a type, and not a value */
function isName(node) {
  const { parent } = node
  return (ts.isPropertyAssignment(parent) && parent.name === node) || ts.isEnumMember(parent) || ts.isLiteralTypeNode(parent)
}

/** @param {number} value @returns {string} another status for an HTTP status, and a clearly larger number for any other number */
function otherThan(value) {
  const isStatus = Number.isInteger(value) && value >= 100 && value < 600
  return String(isStatus ? value + 1 : 2 * value + 1)
}

/** @param {ts.SourceFile} source @param {number} at @returns {Position} counted from 1 */
function positionOf(source, at) {
  const { line, character } = source.getLineAndCharacterOfPosition(at)
  return { line: line + 1, column: character + 1 }
}

/** @param {string} text @param {Insertion[]} insertions */
function inserted(text, insertions) {
  const sorted = insertions.map((one, order) => ({ ...one, order })).sort((a, b) => b.at - a.at || outwards(a, b))
  return sorted.reduce((rest, { at, text: piece }) => rest.slice(0, at) + piece + rest.slice(at), text)
}

/**
 * Sorts insertions at the same position, so that the brackets of nested mutants are nested correctly. A text that is inserted later stands before a text that
 * was inserted earlier. So opening brackets are inserted from the inner to the outer mutant, and closing brackets from the outer to the inner one.
 *
 * @typedef {Insertion & { order: number }} Ordered
 * @param {Ordered} a
 * @param {Ordered} b
 */
function outwards(a, b) {
  return a.opens ? b.order - a.order : a.order - b.order
}
