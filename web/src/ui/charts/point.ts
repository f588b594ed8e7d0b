/** One place on the time line of a chart. */
export interface Point {
  key: string
  /** What stands below it, and above it when it is pointed at. */
  label: string
  /** One number a series. */
  values: readonly number[]
}
