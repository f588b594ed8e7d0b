// Runs before the first paint: what was chosen wins over the system's theme, rows have their height at once.
try {
  const theme = localStorage.getItem('tm.theme')
  if (theme === '"light"' || theme === '"dark"') document.documentElement.dataset.theme = theme.slice(1, -1)
  if (localStorage.getItem('tm.density') === '"compact"') document.documentElement.dataset.density = 'compact'
} catch {
  // Storage is blocked: the theme of the system stays.
}
