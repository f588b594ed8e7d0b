/** Languages of the interface, each by the name its readers know it by. */
export const LANGUAGES = { en: 'English', de: 'Deutsch', ru: 'Русский' } as const

export type Language = keyof typeof LANGUAGES

export const isLanguage = (value: unknown): value is Language => typeof value === 'string' && Object.hasOwn(LANGUAGES, value)

/** The first language of `wanted` (BCP 47 tags, best first) that is offered; English if there is none. */
export function bestLanguage(wanted: readonly string[]): Language {
  return wanted.map(languageOf).find(isLanguage) ?? 'en'
}

/** The tag for dates and numbers: the reader's own region where it goes with the language, as de-AT goes with German. */
export function regionOf(language: Language, wanted: readonly string[]): string {
  return wanted.find((tag) => languageOf(tag) === language) ?? language
}

const languageOf = (tag: string): string => tag.toLowerCase().split('-')[0] ?? ''
