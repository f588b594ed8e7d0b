/** Milliseconds to wait before try number `attempt` (from 0): 1 s doubling to 60 s, each shortened by up to a quarter. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.min(60_000, 1_000 * 2 ** attempt) * (1 - random() / 4)
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
