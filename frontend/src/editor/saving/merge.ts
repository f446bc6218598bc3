/**
 * Two edits of one text, line by line: both are made when they are of different places.
 *
 * Edits of neighbouring lines are left to the user, as they are by git.
 */

/** Lines `from` to `to` of the base, the last not included, become `lines`. */
interface Hunk {
  from: number;
  to: number;
  lines: readonly string[];
}

/** Beyond so many comparisons of lines what differs is taken as one piece. */
const MOST_COMPARED = 4_000_000;

/** The text with both edits of `base`, or null where they touch one another. */
export function mergeLines(base: string, mine: string, theirs: string): string | null {
  const lines = base.split("\n");
  const hunks = joined(hunksOf(lines, mine.split("\n")), hunksOf(lines, theirs.split("\n")));
  if (hunks === null) return null;
  const merged: string[] = [];
  let at = 0;
  for (const { from, to, lines: instead } of hunks) {
    merged.push(...lines.slice(at, from), ...instead);
    at = to;
  }
  return [...merged, ...lines.slice(at)].join("\n");
}

/** All hunks in their order, those that both have once; null when two of them touch. */
function joined(mine: readonly Hunk[], theirs: readonly Hunk[]): Hunk[] | null {
  const own = theirs.filter((their) => !mine.some((my) => isSame(my, their)));
  const touch = own.some((their) => mine.some((my) => my.from <= their.to && their.from <= my.to));
  return touch ? null : [...mine, ...own].sort((a, b) => a.from - b.from);
}

function isSame(one: Hunk, other: Hunk): boolean {
  const { from, to, lines } = one;
  return from === other.from && to === other.to && lines.join("\n") === other.lines.join("\n");
}

function hunksOf(base: readonly string[], other: readonly string[]): Hunk[] {
  let start = 0;
  while (start < base.length && start < other.length && base[start] === other[start]) start += 1;
  let end = 0;
  while (
    end < base.length - start &&
    end < other.length - start &&
    base[base.length - 1 - end] === other[other.length - 1 - end]
  ) {
    end += 1;
  }
  const before = base.slice(start, base.length - end);
  const after = other.slice(start, other.length - end);
  if (before.length === 0 && after.length === 0) return [];
  if (before.length * after.length > MOST_COMPARED) {
    return [{ from: start, to: base.length - end, lines: after }];
  }
  return between(before, after, start);
}

/** Hunks between the lines of a longest common subsequence; `offset` is where `before` begins. */
function between(before: readonly string[], after: readonly string[], offset: number): Hunk[] {
  const common = commonLengths(before, after);
  const hunks: Hunk[] = [];
  let [row, column] = [0, 0];
  let [from, first] = [0, 0];
  const close = (): void => {
    if (row > from || column > first) {
      hunks.push({ from: offset + from, to: offset + row, lines: after.slice(first, column) });
    }
  };
  const width = after.length + 1;
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      close();
      row += 1;
      column += 1;
      [from, first] = [row, column];
    } else if (
      (common[(row + 1) * width + column] ?? 0) >= (common[row * width + column + 1] ?? 0)
    ) {
      row += 1;
    } else {
      column += 1;
    }
  }
  [row, column] = [before.length, after.length];
  close();
  return hunks;
}

/** For each pair of places, how many lines what follows them has in common. */
function commonLengths(before: readonly string[], after: readonly string[]): Uint32Array {
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      const place = row * width + column;
      common[place] =
        before[row] === after[column]
          ? (common[place + width + 1] ?? 0) + 1
          : Math.max(common[place + width] ?? 0, common[place + 1] ?? 0);
    }
  }
  return common;
}
