/** Where columns come from and go: the editor knows, whoever shows a column asks. */
import { type Context, createContext } from "react";

export interface LineageOf {
  /** Some lines about a column of a block; empty while nothing is known. */
  words(block: string, column: string): string;
  /** Looks it up, unless it is known: somebody comes near the names of columns. */
  look(): void;
  /** Shows all of it. */
  open(block: string, column: string): void;
}

/** Null where there is no editor, as on the page of a run. */
export const LineageContext: Context<LineageOf | null> = createContext<LineageOf | null>(null);
