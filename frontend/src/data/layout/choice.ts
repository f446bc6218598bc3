/** How a person has arranged the columns of a table, and what comes of it. */
import type { Column } from "../../protocol";

/** A column by its name; the later ones of one name with their place. */
export type ColumnKey = string;

export interface ColumnChoice {
  /** Pixels. */
  widths: Readonly<Record<ColumnKey, number>>;
  hidden: readonly ColumnKey[];
  /** Stay at the left, in this order. */
  frozen: readonly ColumnKey[];
  /** In the order in which they were moved: each stands after another, or first for null. */
  moved: readonly (readonly [column: ColumnKey, after: ColumnKey | null])[];
}

export const AS_STORED: ColumnChoice = { widths: {}, hidden: [], frozen: [], moved: [] };

/** Which columns are shown where: places in the table, frozen ones first. */
export interface Arrangement {
  order: readonly number[];
  frozen: number;
}

const known = new WeakMap<object, readonly ColumnKey[]>();

export function keysOfColumns(columns: readonly Column[]): readonly ColumnKey[] {
  let keys = known.get(columns);
  if (keys === undefined) {
    const seen = new Set<string>();
    keys = columns.map(({ name }, at) => {
      const key = seen.has(name) ? `${name}\u0000${at}` : name;
      seen.add(name);
      return key;
    });
    known.set(columns, keys);
  }
  return keys;
}

/** Columns that are new since the choice stand where the table has them. */
export function arrange(columns: readonly Column[], choice: ColumnChoice): Arrangement {
  const keys = keysOfColumns(columns);
  const places = new Map(keys.map((key, at) => [key, at]));
  const order = moved(keys, choice.moved);
  const hidden = new Set(choice.hidden);
  const frozen = choice.frozen.filter((key) => places.has(key) && !hidden.has(key));
  const isFrozen = new Set(frozen);
  const others = order.filter((key) => !hidden.has(key) && !isFrozen.has(key));
  return {
    order: [...frozen, ...others].map((key) => places.get(key) ?? 0),
    frozen: frozen.length,
  };
}

function moved(keys: readonly ColumnKey[], moves: ColumnChoice["moved"]): readonly ColumnKey[] {
  if (moves.length === 0) return keys;
  const order = [...keys];
  for (const [key, after] of moves) {
    const from = order.indexOf(key);
    if (from < 0 || (after !== null && !order.includes(after))) continue;
    order.splice(from, 1);
    order.splice(after === null ? 0 : order.indexOf(after) + 1, 0, key);
  }
  return order;
}

/** Has it all columns in the order of the table. */
export function isAsStored(columns: readonly Column[], { order }: Arrangement): boolean {
  return order.length === columns.length && order.every((place, at) => place === at);
}

export function withWidth(choice: ColumnChoice, key: ColumnKey, width: number): ColumnChoice {
  return { ...choice, widths: { ...choice.widths, [key]: width } };
}

/** Back to the width that fits. */
export function withoutWidth(choice: ColumnChoice, key: ColumnKey): ColumnChoice {
  const { [key]: _, ...widths } = choice.widths;
  return { ...choice, widths };
}

export function withHidden(choice: ColumnChoice, key: ColumnKey, isHidden: boolean): ColumnChoice {
  const others = choice.hidden.filter((other) => other !== key);
  return { ...choice, hidden: isHidden ? [...others, key] : others };
}

export function withFrozen(choice: ColumnChoice, key: ColumnKey, isFrozen: boolean): ColumnChoice {
  const others = choice.frozen.filter((other) => other !== key);
  return { ...choice, frozen: isFrozen ? [...others, key] : others };
}

/**
 * Brings a shown column before or after another shown one. Beside a frozen one it is frozen too;
 * beside one that is not, it is not.
 */
export function withMove(
  choice: ColumnChoice,
  columns: readonly Column[],
  move: { from: number; to: number },
): ColumnChoice {
  const { order, frozen } = arrange(columns, choice);
  const keys = keysOfColumns(columns);
  const shown = order.map((place) => keys[place] ?? "");
  const key = shown[move.from];
  if (key === undefined || move.from === move.to || shown[move.to] === undefined) return choice;
  if (move.to < frozen) {
    const others = choice.frozen.filter((other) => other !== key);
    return { ...choice, frozen: [...others.slice(0, move.to), key, ...others.slice(move.to)] };
  }
  const others = shown.filter((other) => other !== key);
  const isThawed = move.from < frozen;
  const before = others[move.to - 1];
  const after = before === undefined || (isThawed ? move.to : move.to - 1) < frozen ? null : before;
  return {
    ...choice,
    frozen: choice.frozen.filter((other) => other !== key),
    moved: [
      ...(choice.moved.at(-1)?.[0] === key ? choice.moved.slice(0, -1) : choice.moved),
      [key, after],
    ],
  };
}
