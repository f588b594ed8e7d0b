import path from 'node:path'

/** Rooms from the top down: a file imports from its own room and from those below. `features` hold one room each. */
const ORDER = ['app', 'features', 'sync', 'ui', 'api', 'lib']
/** Names and looks that belong to nobody. */
const FREE = new Set(['styles'])

/**
 * @param {string} file absolute path
 * @returns {{room: string, feature: string} | undefined}
 */
function place(file) {
  const parts = file.split(path.sep)
  const start = parts.lastIndexOf('src')
  if (start < 0 || parts.length < start + 3) return undefined
  const room = parts[start + 1] ?? ''
  return { room, feature: room === 'features' ? (parts[start + 2] ?? '') : '' }
}

/**
 * Says what is wrong with an import, or nothing.
 * @param {string} file absolute path of the importing file
 * @param {string} specifier as written
 * @returns {string | undefined}
 */
export function complaint(file, specifier) {
  if (!specifier.startsWith('.')) return undefined
  const from = place(file)
  const to = place(path.resolve(path.dirname(file), specifier))
  if (!from || !to || FREE.has(to.room)) return undefined
  const [above, below] = [ORDER.indexOf(from.room), ORDER.indexOf(to.room)]
  if (above < 0 || below < 0) return `The room "${above < 0 ? from.room : to.room}" has no place in the order ${ORDER.join(' > ')}.`
  if (below < above) return `${from.room}/ may not import ${to.room}/: imports go down only (${ORDER.join(' > ')}).`
  if (from.feature !== to.feature && to.room === 'features' && from.room === 'features') {
    return `features/${from.feature} may not import features/${to.feature}: compose them in app/.`
  }
  return undefined
}

/** @type {import('eslint').Rule.RuleModule} */
export const rooms = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    /** @param {any} node */
    const check = (node) => {
      const specifier = node.source?.value
      const message = typeof specifier === 'string' ? complaint(context.filename, specifier) : undefined
      if (message) context.report({ node, message })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    }
  },
}
