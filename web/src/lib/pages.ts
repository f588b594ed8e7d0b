/** Parts of the settings and of the administration, as they stand in addresses. */
export const SETTINGS_PAGES = ['profile', 'appearance', 'shortcuts', 'notifications', 'data', 'security'] as const
export const ADMIN_PAGES = ['overview', 'use', 'users', 'invitations', 'sessions', 'audit', 'keys', 'roles'] as const

export type SettingsPage = (typeof SETTINGS_PAGES)[number]
export type AdminPage = (typeof ADMIN_PAGES)[number]
