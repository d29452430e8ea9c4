// Counts answers by operation and status.

export class Tally {
  #counts = new Map();

  add(operation, status) {
    const row = this.#counts.get(operation) ?? new Map();
    row.set(status, (row.get(status) ?? 0) + 1);
    this.#counts.set(operation, row);
  }

  toString() {
    const rows = [...this.#counts].sort(([a], [b]) => a.localeCompare(b));
    return rows.map(([operation, row]) => {
      const parts = [...row].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
      return `  ${operation.padEnd(18)}${String([...row.values()].reduce((a, b) => a + b)).padStart(6)}   ${parts.join(', ')}`;
    }).join('\n');
  }
}
