import type { Scope } from '../../api/types'

const READING: Scope[] = ['tasks:read', 'projects:read', 'account:read']
const EVERYBODY: Scope[] = ['tasks:read', 'tasks:write', 'projects:read', 'projects:write', 'account:read']
const READS: Partial<Record<Scope, Scope>> = { 'tasks:write': 'tasks:read', 'projects:write': 'projects:read' }

/** The scopes of any use to a role. The server decides; this only hides what it would refuse. */
export function scopesOf(role: string | undefined): Scope[] {
  if (role === 'admin') return [...EVERYBODY, 'admin:read']
  return role === 'user' ? EVERYBODY : READING
}

/** Who may change may also read. */
export const impliedBy = (chosen: readonly Scope[]): Scope[] => chosen.flatMap((scope) => READS[scope] ?? [])
