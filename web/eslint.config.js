import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'

import { rooms } from './build/eslint-rooms.js'
import svelteConfig from './svelte.config.js'

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'src/api/schema.gen.ts'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...ts.configs.stylisticTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.svelte'] },
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  {
    files: ['src/**'],
    plugins: { house: { rules: { rooms } } },
    rules: {
      'house/rooms': 'error',
      'max-lines': ['error', { max: 250 }],
      'no-console': 'error',
      // Text reaches the page as text, never as markup.
      'svelte/no-at-html-tags': 'error',
      // Inline style, which the content security policy refuses; `style:name` goes through the object model and is fine.
      'no-restricted-syntax': ['error', { selector: 'SvelteAttribute[key.name="style"]', message: 'Use a class or style:name.' }],
      // Collections are replaced, not changed in place.
      'svelte/prefer-svelte-reactivity': 'off',
      // Made for SvelteKit.
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  {
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
    },
  },
  {
    // Outside of svelte-check, which holds the types of components, what a .svelte file exports is unknown.
    files: ['**/*.svelte', 'src/app/main.ts'],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'call', 'member-access', 'return'].map((kind) => [`@typescript-eslint/no-unsafe-${kind}`, 'off']),
    ),
  },
  { files: ['**/*.js'], ...ts.configs.disableTypeChecked },
  // Runs in a world of its own, whose types would shadow those of pages.
  { files: ['build/sw.js'], languageOptions: { globals: globals.serviceworker, parserOptions: { projectService: false } } },
)
