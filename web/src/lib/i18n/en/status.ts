export const status = {
  newVersion: 'There is a newer version of TaskManager.', reload: 'Reload',
  offline: 'Offline', unreachable: 'Server not reached',
  waiting: (count: number) => (count === 1 ? '1 change waiting' : `${count} changes waiting`),
  refused: (count: number) => (count === 1 ? '1 change not saved' : `${count} changes not saved`),
}
