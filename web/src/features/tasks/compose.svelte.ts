/** Set by whoever wants a task written down; the field for it takes the focus as soon as it is on the page. */
export const compose = $state({ wanted: false })
