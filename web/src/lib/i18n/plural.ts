/** Forms of a word by number, as CLDR names them; `other` serves wherever a form is not given. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }

/** Makes the function that chooses a form for a count; `#` in it becomes the count as the language writes it. */
export function pluralOf(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language)
  const numbers = new Intl.NumberFormat(language)
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace('#', numbers.format(count))
}
