/** Tests that the package's type declarations compile in an application, and contain no `any`. */
import { join } from 'node:path'
import ts from 'typescript'
import { ROOT } from '../support/installed'

const DIST = join(ROOT, 'dist')
const ENTRY_POINTS = ['index.d.ts', 'simulator/index.d.ts', 'waiting/browser/index.d.mts']
const options: ts.CompilerOptions = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022, strict: true, noEmit: true }

/** Compiles the entry points, and files that exist only in this test. */
function programOf(others: Readonly<Record<string, string>> = {}): ts.Program {
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  const inMemory = (path: string) => others[path.slice(DIST.length + 1)]
  host.getSourceFile = (path, ...rest) => {
    const text = inMemory(path)
    return text === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  }
  host.fileExists = (path) => inMemory(path) !== undefined || fileExists(path)
  return ts.createProgram([...ENTRY_POINTS, ...Object.keys(others)].map((path) => join(DIST, path)), options, host)
}

/** Finds every `any`: an explicit one, a missing type, and a type whose name cannot be found. */
function anysOf(program: ts.Program): string[] {
  const checker = program.getTypeChecker()
  const found: string[] = []
  const isAny = (node: ts.Node) => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return checker.getTypeFromTypeNode(node).flags & ts.TypeFlags.Any
    const isUntyped = (ts.isParameter(node) || ts.isPropertyDeclaration(node) || ts.isPropertySignature(node) || ts.isVariableDeclaration(node)) && node.type === undefined
    return isUntyped && checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any
  }
  const see = (node: ts.Node) => {
    if (isPrivate(node)) return
    if (isAny(node)) found.push(`${node.getSourceFile().fileName.slice(DIST.length + 1)}: ${node.getText()}`)
    ts.forEachChild(node, see)
  }
  for (const file of declaredIn(program)) see(file)
  return found
}

/** In a declaration file, TypeScript leaves out the type of a private member. Such a member is no `any` that an application can use. */
function isPrivate(node: ts.Node): boolean {
  if (!ts.isClassElement(node)) return false
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0 || (node.name !== undefined && ts.isPrivateIdentifier(node.name))
}

function declaredIn(program: ts.Program): readonly ts.SourceFile[] {
  return program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(DIST))
}

function mistakesIn(program: ts.Program): string[] {
  const found = declaredIn(program).flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
  return found.map(({ file, messageText }) => `${String(file?.fileName.slice(DIST.length + 1))}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}

describe('the declarations', () => {
  const program = programOf()

  it('are read from all entry points', () => {
    const files = declaredIn(program).map(({ fileName }) => fileName.slice(DIST.length + 1))
    expect(files).toEqual(expect.arrayContaining([...ENTRY_POINTS, 'strategy/strategy.d.ts', 'client/client.d.ts', 'waiting/view.d.ts', 'simulator/phone.d.ts']))
  })

  it('hold together: none needs what is not there', () => {
    expect(mistakesIn(program)).toEqual([])
  })

  it('have no any, neither written nor by omission', () => {
    expect(anysOf(program)).toEqual([])
  })

  it('would be found out', () => {
    const text = `import type { Settings } from './strategy/options'
export declare const a: Map<string, any>
export declare function b(x): void
export interface C { d: Settings; e: string[] }
export declare class D { private f; #g; h; i(): typeof a }`
    const wrong = programOf({ 'wrong.d.ts': text })
    expect(mistakesIn(wrong)).toContain('wrong.d.ts: Module \'"./strategy/options"\' has no exported member \'Settings\'.')
    expect(anysOf(wrong)).toEqual(['any', 'x', 'Settings', 'h;'].map((node) => `wrong.d.ts: ${node}`))
  })
})
