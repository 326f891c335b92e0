// @ts-check
/**
 * The settings of TypeDoc, which writes a Markdown page for each exported name.
 *
 * Every warning fails the build: for example, an exported name without a docstring, or a `{@link}` to a name that does not exist.
 */
import { CommentTag, Converter, ReflectionKind } from 'typedoc'
import { groupOf, groups } from './menu.mjs'

const pathOf = (/** @type {import('typedoc').Reflection} */ reflection) => reflection.project.getSymbolIdFromReflection(reflection)?.fileName?.replaceAll('\\', '/') ?? ''

/**
 * Groups the exported names by the folder that declares them, so that no docstring needs a tag for its group.
 * @param {import('typedoc').Application} app
 */
function grouped(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (/** @type {import('typedoc').Context} */ { project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      for (const child of /** @type {import('typedoc').DeclarationReflection} */ (module).children ?? []) {
        const group = groupOf(pathOf(child.isReference() ? child.getTargetReflectionDeep() : child))
        if (group === undefined) app.logger.warn(`${child.name}: .vitepress/menu.mjs has no group for ${pathOf(child)}`)
        const tag = new CommentTag('@group', [{ kind: 'text', text: group ?? 'Other' }])
        const documented = child.comment === undefined ? (child.signatures?.[0] ?? child) : child // TypeDoc puts a function's docstring on its signature
        documented.comment?.blockTags.push(tag) // without a docstring, `comment` is undefined, and TypeDoc warns
      }
    }
  })
}

/** @type {Partial<import('typedoc').TypeDocOptions> & Partial<import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  name: 'passport-nevis',
  entryPoints: ['src/index.ts', 'src/simulator/index.ts', 'src/waiting/browser/index.mts'],
  plugin: ['typedoc-plugin-markdown', grouped],
  router: 'member',
  out: '.vitepress/pages/reference',
  readme: 'none',
  entryFileName: 'index',
  navigationJson: '.vitepress/pages/reference.json',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'list',
  indexFormat: 'table',
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  sort: ['kind', 'source-order'],
  kindSortOrder: ['Class', 'Function', 'Variable', 'Interface', 'TypeAlias'],
  sortEntryPoints: false,
  groupOrder: [...groups.map(([name]) => name), '*'],
  navigation: { includeGroups: true },
  useFirstParagraphOfCommentAsSummary: true,
  includeHierarchySummary: false,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: true, unusedMergeModuleWith: true },
}
