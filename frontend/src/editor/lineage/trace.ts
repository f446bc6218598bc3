/** Ways of a column through a pipeline, up to where it was loaded and down to where it ends. */
import type { ColumnLineage, ColumnOf, Lineage } from "../../protocol";

export interface Traced {
  block: string;
  column: string;
  /** The SQL that makes it; empty where it is passed on. */
  expression: string;
  type: string;
  /** Whether a text says that the way leads here; else it is only called the same. */
  isSure: boolean;
  /** The next columns on the way. */
  next: readonly Traced[];
}

const DEEPEST = 60;

interface Known {
  column: ColumnLineage;
  isSure: boolean;
}

export class Traces {
  readonly #known = new Map<string, Known>();
  readonly #uses = new Map<string, ColumnOf[]>();

  constructor(lineage: Lineage) {
    for (const { block, columns, known_by } of lineage.blocks) {
      for (const column of columns) {
        this.#known.set(keyOf(block, column.name), { column, isSure: known_by === "query" });
        for (const origin of column.origins) {
          const key = keyOf(origin.block, origin.column);
          const uses = this.#uses.get(key) ?? [];
          uses.push({ block, column: column.name });
          this.#uses.set(key, uses);
        }
      }
    }
  }

  has(block: string, column: string): boolean {
    return this.#known.has(keyOf(block, column));
  }

  /** What a column is made of, and that, up to the loaders. */
  up(block: string, column: string, isSure = true, depth = 0): Traced {
    const known = this.#known.get(keyOf(block, column));
    const origins = depth < DEEPEST ? (known?.column.origins ?? []) : [];
    const next = origins.map((one) =>
      this.up(one.block, one.column, known?.isSure ?? false, depth + 1),
    );
    return { ...this.#step(block, column), isSure, next };
  }

  /** What is made of a column, and of that, down to the last. */
  down(block: string, column: string, depth = 0): Traced {
    const key = keyOf(block, column);
    const uses = depth < DEEPEST ? (this.#uses.get(key) ?? []) : [];
    const isSure = depth === 0 || (this.#known.get(key)?.isSure ?? false);
    const next = uses.map((one) => this.down(one.block, one.column, depth + 1));
    return { ...this.#step(block, column), isSure, next };
  }

  #step(block: string, column: string): Omit<Traced, "isSure" | "next"> {
    const known = this.#known.get(keyOf(block, column))?.column;
    return { block, column, expression: known?.expression ?? "", type: known?.type ?? "" };
  }

  /** A line or two about a column, for those who point at it. */
  words(block: string, column: string): string {
    const known = this.#known.get(keyOf(block, column));
    if (known === undefined) return "";
    const { origins, expression } = known.column;
    const made = expression === "" ? "" : ` = ${expression}`;
    const isGuess = known.isSure ? "" : ", by its name";
    const from = origins.length > 0 ? `from ${listed(origins)}${isGuess}${made}` : made.trim();
    const uses = this.#uses.get(keyOf(block, column)) ?? [];
    return [from, uses.length > 0 ? `goes into ${listed(uses)}` : ""].filter(Boolean).join("\n");
  }
}

const SHOWN = 4;

function listed(columns: readonly ColumnOf[]): string {
  const names = columns.slice(0, SHOWN).map(({ block, column }) => `${block}.${column}`);
  const rest = columns.length - names.length;
  return names.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function keyOf(block: string, column: string): string {
  return `${block}\n${column}`;
}
