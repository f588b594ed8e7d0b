/** Set by whoever wants a task written down: quick add is open as long as it is. */
export const compose = $state({ wanted: false })
