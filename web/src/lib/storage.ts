/**
 * Small JSON values that outlive the page: choices of this browser, never tokens, never the user's work.
 * Where storage is blocked they live as long as the page.
 */
const memory = new Map<string, string>()

export function readStored(name: string): unknown {
  let text: string | null | undefined
  try {
    text = localStorage.getItem(name)
  } catch {
    text = memory.get(name)
  }
  if (text === null || text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `undefined` removes the name. */
export function writeStored(name: string, value: unknown): void {
  const text = value === undefined ? undefined : JSON.stringify(value)
  if (text === undefined) memory.delete(name)
  else memory.set(name, text)
  try {
    if (text === undefined) localStorage.removeItem(name)
    else localStorage.setItem(name, text)
  } catch {
    // Kept in memory.
  }
}
