// Rows of text in columns, as Go's tabwriter sets them with a width of 8 at least and one blank between.

const leastWidth = 8

/** Each cell but the last of a row ends with a comma. All rows are of one length. */
export function tabTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(leastWidth, ...rows.map((row) => row[column]!.length + 2)))
  return rows.map((row) => `${row.map((cell, column) => (column === row.length - 1 ? cell : `${cell},`.padEnd(widths[column]!))).join('')}\n`).join('')
}
